# Runs user code as R's own console does: values are shown, warnings follow the call that made them.

# One execution, from the assignment of its inputs to the values of its outputs.
execute <- function(code, bytes) execute_with(bytes, function() evaluate(parse_code(code)))

# `finish` is told what went wrong, or "", when the values have been read; the kind of frame that it returns follows the
# answer.
execute_with <- function(bytes, body, finish = NULL) {
  parameters <- if (!is.null(bytes)) unserialize(bytes)
  failure <- run_code(function() {
    assign_inputs(parameters$inputs)
    body()
  })
  if (is_forked()) tools::pskill(Sys.getpid(), tools::SIGKILL)
  values <- NULL
  if (failure == "" && length(parameters$outputs) > 0L) {
    outputs <- read_outputs(parameters$outputs)
    failure <- outputs$failure
    values <- to_bytes(outputs$values)
  }
  following <- if (!is.null(finish)) finish(failure)
  write_marker("e")
  for (text in channels$last) write_frame(FRAME_LAST, text, is_last = FALSE)
  channels$last <- NULL
  write_frame(if (failure == "") FRAME_DONE else FRAME_FAILED, failure, values, is_last = is.null(following))
  if (!is.null(following)) write_frame(following, "")
}

# Returns what went wrong, or "". Interrupts reach only what runs in here; one that came too late for the execution
# before strikes first of all, and is passed over.
run_code <- function(body) {
  run$warned <- FALSE
  run$begun <- FALSE
  outcome <- tryCatch(
    withRestarts({
      withCallingHandlers(allowInterrupts({
        Sys.sleep(0) # looks for interrupts
        run$begun <- TRUE
        body()
      }), message = show_message, warning = note_warning)
      NULL
    }, abort = function() "The execution was aborted."), # R itself would end the process
    error = identity, interrupt = identity, rserver_quit = identity
  )
  if (is.null(outcome)) return("")
  if (inherits(outcome, "interrupt") && !run$begun) return(run_code(body))
  failure <- failure_of(outcome)
  if (run$warned) show_warnings(after_error = TRUE)
  failure
}

# The message of an execution that did not come to its end; an error is shown as well.
failure_of <- function(outcome) {
  if (is.character(outcome)) return(outcome)
  if (inherits(outcome, "interrupt")) return("The execution was interrupted.")
  if (inherits(outcome, "rserver_quit")) {
    is_success <- identical(as.integer(outcome$status), 0L)
    return(if (is_success) "" else paste("q() was called with status", outcome$status))
  }
  text <- error_text(outcome)
  write_stderr(paste0(text, "\n"))
  .Internal(seterrmessage(paste0(text, "\n")))
  text
}

run <- new.env(parent = emptyenv())

# Only functions carry their source, and keeping it costs more than all other parsing of a short line.
parse_code <- function(code) {
  keep <- grepl("function", code, fixed = TRUE) || grepl("\\", code, fixed = TRUE)
  parse(text = code, keep.source = keep, encoding = "UTF-8")
}

# Each expression is the code of a promise of the global environment: unlike eval(), that leaves no frame which return(),
# sys.call() or parent.frame() at top level could take for their own. The odd name marks the call around it, which user
# code never made: see is_own_call().
evaluate <- function(expressions) {
  for (expression in expressions) {
    do.call(delayedAssign, list(".rserver_value", expression, globalenv(), environment()))
    result <- withVisible(.rserver_value)
    assign(".Last.value", result$value, envir = baseenv())
    if (result$visible) show_value(result$value)
    if (run$warned) show_warnings(after_error = FALSE)
  }
}

show_value <- function(value) if (isS4(value)) methods::show(value) else print(value)

is_own_call <- function(call) {
  is.null(call) || is.call(call) && (
    identical(call, quote(withVisible(.rserver_value))) ||
      identical(call[[1L]], quote(parse)) && identical(call$text, quote(code)))
}

# R's own wording, with its rule for a line that would grow too long. See try() and verrorcall_dflt() in R's sources.
error_text <- function(condition) {
  message <- conditionMessage(condition)
  call <- conditionCall(condition)
  if (is_own_call(call)) return(enc2utf8(paste0(gettext("Error: ", domain = "R"), message)))
  shown <- deparse(call, nlines = 1L)[1L]
  width <- 14L + nchar(shown, "width", NA) + nchar(strsplit(message, "\n", fixed = TRUE)[[1L]][1L], "width", NA)
  separator <- if (is.na(width) || width > 77L) " : \n  " else " : "
  enc2utf8(paste0(gettext("Error in ", domain = "R"), shown, separator, message))
}

# message() in its place between the lines of stdout; a condition that nobody would print is left alone.
show_message <- function(condition) {
  if (is.null(find_restart("muffleMessage", condition))) return()
  write_stderr(conditionMessage(condition))
  invokeRestart("muffleMessage")
}

# findRestart() of packages' own conditions included; base R has no lookup by name that does not stop at NULL names.
find_restart <- function(name, condition) {
  for (restart in computeRestarts(condition)) if (identical(restart$name, name)) return(restart)
  NULL
}

note_warning <- function(condition) {
  level <- getOption("warn")
  run$warned <- TRUE
  if (level != 1L) return()
  if (is_own_call(conditionCall(condition))) {
    write_stderr(paste0(gettext("Warning:", domain = "R"), " ", conditionMessage(condition), "\n"))
    invokeRestart("muffleWarning")
  }
  write_marker("s")
}

# The warnings which R has put off until now, as R words them. R knows no other way to show them than in addition to
# an error, and gives those made at top level the call of ours.
show_warnings <- function(after_error) {
  run$warned <- FALSE
  lines <- character()
  buffer <- textConnection("lines", "w", local = TRUE, encoding = "UTF-8")
  before <- getConnection(sink.number("message"))
  sink(buffer, type = "message")
  tryCatch(.Internal(printDeferredWarnings()), finally = {
    sink(before, type = "message")
    close(buffer)
  })
  if (length(lines) == 0L) return()
  text <- paste0(lines, "\n", collapse = "")
  text <- gsub("In withVisible\\(\\.rserver_value\\) :[ \n]+", "", text)
  if (!after_error) text <- sub("^In addition: ", "", text)
  write_stderr(text)
}
