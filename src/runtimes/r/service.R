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
  own$emit <- function(text, last = FALSE) invisible()
  own$ask <- function(prompt = "", password = FALSE) {
    stop("Input was asked for in a web service, which has nobody to ask.", call. = FALSE)
  }
  options(rserver.emit = own$emit, rserver.input = own$ask)
}

# `text` is the folder of the copy's pipes and files. Answers the id of its process.
fork_copy <- function(text, bytes) {
  process <- parallel:::mcfork(TRUE)
  if (!inherits(process, "masterProcess")) return(as.character(process$pid))
  tryCatch(serve_copy(text), error = function(condition) NULL, finally = end_copy())
}

# Serves calls until the server closes the pipe or ends this process.
serve_copy <- function(folder) {
  is_leader <- lead_process_group()
  move_channels(folder)
  move_folders(folder)
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

move_channels <- function(folder) {
  move_output(folder, c("output", "output"))
  close_channels()
  channels$requests <- open_pipe(folder, "requests", "reb")
  channels$answers <- open_pipe(folder, "answers", "web")
  channels$stdout <- open_pipe(folder, "output", "web")
  channels$stderr <- channels$stdout
  channels$pid <- Sys.getpid()
  service$connections <- getAllConnections()
}
