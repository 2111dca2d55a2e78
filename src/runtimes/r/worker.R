# The R program behind an R session: waits for requests of the server, carries them out, answers.
# Everything lives in one environment that no search path shows; see protocol.R for what travels.

# Runs until the server closes the request channel. Called once, by the command line that started R.
main <- function(directory) {
  open_channels(directory)
  prepare_session()
  say_hello()
  # Interrupts count only while user code runs: see run_code().
  suspendInterrupts(serve())
  let_copies_go_on()
  end_process("no")
}

say_hello <- function() write_frame(FRAME_HELLO, paste(R.version$major, R.version$minor, sep = "."))

end_process <- base::quit # before it is replaced

serve <- function() {
  repeat {
    request <- read_request()
    if (is.null(request)) return(invisible())
    if (request$kind == REQUEST_EXECUTE) execute(request$text, request$bytes)
    else if (request$kind == REQUEST_FORK_SESSION) fork_session(request$text)
    else answer(request)
  }
}

# The requests about the workspace: an error becomes a failed answer, its message beginning with the error code.
answer <- function(request) {
  operation <- switch(request$kind,
    NULL, list_objects, get_object, set_object, delete_object, save_workspace, load_workspace, NULL,
    prepare_copies, fork_copy, NULL, await_copy, settle
  )
  outcome <- tryCatch(list(value = operation(request$text, request$bytes)), error = identity)
  if (inherits(outcome, "error")) {
    code <- if (is.null(outcome$code)) "" else outcome$code
    write_frame(FRAME_FAILED, code, charToRaw(enc2utf8(conditionMessage(outcome))))
  } else if (!identical(outcome$value, ANSWERED)) {
    bytes <- if (!is.null(outcome$value)) to_bytes(outcome$value)
    write_frame(FRAME_DONE, "", bytes)
  }
}

# The value of an operation that has answered itself, as it had more to do after that.
ANSWERED <- structure(list(), class = "rserver_answered")

# An error that the server turns into one with this code.
fail <- function(code, message) {
  stop(structure(class = c("rserver_failure", "error", "condition"),
    list(message = message, call = NULL, code = code)))
}

# What a session has that a bare R has not. The base functions are replaced where they would end or hang the process.
prepare_session <- function() {
  options(
    keep.source = TRUE,
    menu.graphics = FALSE,
    device = function(...) grDevices::pdf(NULL, ...),
    rserver.emit = emit
  )
  replace_base("q", leave)
  replace_base("quit", leave)
  for (name in c("system", "system2")) replace_base(name, interruptible(get(name, envir = baseenv())))
  unlockBinding(".Last.value", baseenv())
  prepare_input()
}

# q(): ends the execution in the place of the process. The condition carries `status`, for whoever wants to tell it apart.
leave <- function(save = "default", status = 0, runLast = TRUE) {
  message("q() does not end a session of the server: close the session instead.")
  signalCondition(structure(class = c("rserver_quit", "condition"),
    list(message = "q() was called", call = NULL, status = status)))
  stop("q() is not available here", call. = FALSE)
}

# While a child program runs, R ignores interrupts: they end the child only, and R goes on with the next one. The server
# leaves a file while it wants to interrupt; it is looked for when the child has ended.
interruptible <- function(original) {
  replacement <- function() {
    call <- match.call()
    call[[1L]] <- original
    result <- withVisible(eval(call, parent.frame()))
    if (file.exists(channels$interrupt) && !is_forked()) {
      signalCondition(structure(class = c("interrupt", "condition"), list(message = "", call = NULL)))
      invokeRestart("abort")
    }
    if (result$visible) result$value else invisible(result$value)
  }
  formals(replacement) <- formals(original)
  replacement
}

replace_base <- function(name, value) {
  base <- baseenv()
  unlockBinding(name, base)
  assign(name, value, envir = base)
  lockBinding(name, base)
}
