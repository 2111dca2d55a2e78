# A warm parent: a worker that carries out no code of users, and makes copies of itself. Each of them goes on as the worker
# of a session, on pipes and in folders of its own. Not with parallel::mcfork(): that waits for its children by itself, and
# drops how they have ended.

warm <- new.env(parent = emptyenv())
warm$is_ready <- FALSE
warm$ended <- list()

# Answers the id of the copy's process. In the copy it answers nothing, and whoever called goes on to serve the session.
fork_session <- function(directory) {
  children <- tryCatch(prepare_parent(), error = identity)
  if (inherits(children, "error")) return(refuse(conditionMessage(children)))
  flush(channels$console)
  .C("fork")
  if (is_forked()) return(tryCatch(become_session(directory), error = function(condition) end_copy()))
  process <- setdiff(child_processes(), children)
  if (length(process) == 1L) write_frame(FRAME_DONE, "", to_bytes(process))
  else refuse("The system allows no other process.")
}

refuse <- function(message) write_frame(FRAME_FAILED, "", charToRaw(enc2utf8(message)))

# Answers the children that there are.
prepare_parent <- function() {
  if (!warm$is_ready) {
    if (!makes_temporary_folders()) stop("Copies of this R would share their temporary folder.")
    loadNamespace("parallel")
    dyn.load(c_library())
    leave_temporary_folder()
    warm$is_ready <- TRUE
  }
  child_processes()
}

# Those that have ended, and for which nobody has waited, are among them.
child_processes <- function() {
  children <- readLines(sprintf("/proc/self/task/%d/children", Sys.getpid()), warn = FALSE)
  as.character(unlist(strsplit(children, " ", fixed = TRUE)))
}

become_session <- function(directory) {
  if (!lead_process_group()) stop("A copy cannot be told from its parent by signals.")
  move_output(directory, c("stdout", "stderr"))
  close_channels()
  move_folders(dirname(directory))
  input$pid <- Sys.getpid()
  forget_random_numbers()
  open_channels(directory)
  say_hello()
}

# `text` is the id of a copy that has ended. wait() takes any: for which one it was is told by who is missing.
await_copy <- function(text, bytes) {
  while (is.null(warm$ended[[text]])) {
    children <- child_processes()
    if (!text %in% children) stop("There is no such copy.")
    status <- .C("wait", 0L)[[1L]]
    warm$ended[setdiff(children, child_processes())] <- status
  }
  status <- warm$ended[[text]]
  warm$ended[[text]] <- NULL
  as.character(status)
}

# Compiles what every copy runs. Three collections then make everything old: copies leave it alone, and do not really copy
# it, until they look at all that there is.
settle <- function(text, bytes) {
  own <- environment(settle)
  compile_closures(own, with_callees(c("become_session", "execute"), own))
  for (time in 1:3) gc()
  NULL
}

# The names of functions, and of those in the same environment that they may call.
with_callees <- function(names, environment) {
  is_function <- function(name) is.function(get(name, envir = environment))
  functions <- Filter(is_function, ls(environment))
  found <- character()
  while (length(names) > 0L) {
    found <- c(found, names)
    called <- unlist(lapply(names, function(name) all.names(body(get(name, envir = environment)))))
    names <- setdiff(intersect(called, functions), found)
  }
  found
}
