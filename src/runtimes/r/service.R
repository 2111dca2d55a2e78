# A web service's process: what was loaded into it is what every call begins with. Calls run in copies of the process
# made by fork(), each on pipes of its own: see serve_copy().

FRAME_READY <- 6L
FRAME_SPENT <- 7L

service <- new.env(parent = emptyenv())

# `text` is the code of the calls, `bytes` the marker behind their output. After this the process only makes copies.
prepare_copies <- function(text, bytes) {
  loadNamespace("parallel")
  service$code <- text
  # Code that cannot be parsed fails in each call, in R's own words.
  service$program <- tryCatch(parse_code(text), error = function(condition) NULL)
  mute_channels()
  channels$end <- bytes
  forget_random_numbers()
  leave_temporary_folder()
  compile_closures(environment(prepare_copies))
  compile_closures(globalenv())
  service$is_pure <- is_pure_service(service$program)
  # Copies read and write no more pages of this process than they must: after this collection theirs is far away.
  invisible(gc())
  NULL
}

# Copies write both streams into one pipe, which keeps their order without markers; nobody takes data or answers questions.
mute_channels <- function() {
  own <- environment(mute_channels)
  own$write_marker <- function(letter) {
    if (is_forked()) return(invisible())
    flush(channels$console)
    if (letter == "e") write_now(channels$end, channels$stdout)
  }
  own$write_stderr <- function(text) {
    if (is_forked() || sink.number("message") != 2L) return(cat(text, file = stderr()))
    flush(channels$console)
    write_now(charToRaw(enc2utf8(text)), channels$stderr)
  }
  own$emit <- function(text) invisible()
  own$ask <- function(prompt = "", password = FALSE) {
    stop("Input was asked for in a web service, which has nobody to ask.", call. = FALSE)
  }
  options(rserver.emit = own$emit, rserver.input = own$ask)
}

# A state that came with the snapshot would give every call the same numbers. R makes a new one when it needs it; the
# kind of generator stays, as R has noticed it.
forget_random_numbers <- function() {
  if (!exists(".Random.seed", envir = globalenv(), inherits = FALSE)) return()
  RNGkind()
  rm(".Random.seed", envir = globalenv())
}

# R keeps its temporary folder over fork(), and makes another one only when it is gone. What the initCode left there
# stays where it is; this process, and so its copies, are made to need another one.
leave_temporary_folder <- function() {
  if (!makes_temporary_folders()) return()
  left <- tempdir()
  if (length(list.files(left, all.files = TRUE, no.. = TRUE)) == 0L) return(unlink(left, recursive = TRUE))
  hidden <- paste0(left, "-kept")
  if (!file.rename(left, hidden)) return()
  unlink(tempdir(check = TRUE), recursive = TRUE)
  file.rename(hidden, left)
}

makes_temporary_folders <- function() "check" %in% names(formals(tempdir))

# R compiles a function when it is called for the second time: each copy would do so for itself.
compile_closures <- function(environment) {
  for (name in ls(environment, all.names = TRUE)) {
    if (bindingIsActive(name, environment) || bindingIsLocked(name, environment)) next
    value <- get(name, envir = environment)
    if (typeof(value) == "closure" && !isS4(value))
      assign(name, tryCatch(compiler::cmpfun(value), error = function(condition) value), envir = environment)
  }
}

# `text` is the folder of the copy's pipes and files. Answers the id of its process.
fork_copy <- function(text, bytes) {
  process <- parallel:::mcfork(TRUE)
  if (!inherits(process, "masterProcess")) return(as.character(process$pid))
  tryCatch(serve_copy(text), error = function(condition) NULL, finally = end_copy())
}

# No exit handlers: what the copy has in common with the others is not its to tidy up.
end_copy <- function() tools::pskill(Sys.getpid(), tools::SIGKILL)

# Serves calls until the server closes the pipe or ends this process.
serve_copy <- function(folder) {
  is_leader <- lead_process_group()
  move_channels(folder)
  Sys.setenv(TMPDIR = file.path(folder, "tmp"))
  if (makes_temporary_folders()) tempdir(check = TRUE)
  setwd(file.path(folder, "work"))
  write_frame(FRAME_READY, if (is_leader) "leader" else "")
  if (service$is_pure) remember_state()
  while (!is.null(request <- read_request())) {
    execute_with(request$bytes, run_program, tidy_up)
  }
}

# Whether the copy can begin again.
tidy_up <- function(failure) {
  if (service$is_pure && failure == "" && restore_state()) FRAME_READY else FRAME_SPENT
}

run_program <- function() {
  on.exit(flush_files())
  if (is.null(service$program)) evaluate(parse_code(service$code)) else evaluate(service$program)
}

# What the call wrote into files that it leaves open belongs into the files.
flush_files <- function() {
  numbers <- getAllConnections()
  for (number in numbers[!numbers %in% service$connections])
    try(if (isOpen(getConnection(number), "write")) flush(getConnection(number)), silent = TRUE)
}

# Child programs then end with this process. R has no word for setsid(), its C library has.
lead_process_group <- function() {
  tryCatch({
    if (!is.loaded("setsid")) dyn.load(c_library())
    .C("setsid")
    TRUE
  }, error = function(condition) FALSE)
}

c_library <- function() {
  libraries <- grep("/(libc[.-]|libc\\.musl)[^/]*$", readLines("/proc/self/maps"), value = TRUE)
  sub("^[^/]*", "", libraries[1L])
}

# Descriptors 1 and 2 are closed first: the pipe that is opened next takes their place, as the lowest number free.
move_channels <- function(folder) {
  open_pipe <- function(name, mode) file(file.path(folder, name), mode, raw = TRUE)
  parallel:::closeStdout(FALSE)
  service$stdout <- open_pipe("output", "wb")
  parallel:::closeStderr(FALSE)
  service$stderr <- open_pipe("output", "wb")
  for (name in c("requests", "input", "answers", "stdout", "stderr")) close(channels[[name]])
  channels$requests <- open_pipe("requests", "reb")
  channels$answers <- open_pipe("answers", "web")
  channels$stdout <- open_pipe("output", "web")
  channels$stderr <- channels$stdout
  channels$pid <- Sys.getpid()
  service$connections <- getAllConnections()
}
