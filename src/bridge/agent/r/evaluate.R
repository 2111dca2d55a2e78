# Runs a cell expression by expression, as R's own console would.
#
# Each expression is the code of a promise whose environment is the global one. Forcing it leaves no frame that a
# user could meet: parent.frame(), sys.call(), on.exit() and return() at top level do what they do at the console,
# which they do not inside eval().

# The call R sees around a top-level expression; conditions raised there carry it and must lose it.
toplevel_call <- quote(withVisible(toplevel))

# Runs a cell and sends its messages. Gives its last value back, so that the session's .Last.value is right.
run <- function(source, silent = FALSE, count = 0L, expressions = NULL) {
  is_done <- FALSE
  # A jump to top level, or return() where the server evaluates by eval(), passes by everything else.
  on.exit({
    end_cell()
    if (!is_done) send_failure(list(ename = "Error", evalue = abandoned_text, traceback = red(abandoned_text)))
  })
  results <- NULL
  failure <- tryCatch(
    {
      start_cell(silent, count)
      failure <- run_source(source)
      finish_plots()
      if (is.null(failure)) results <- vapply(expressions, user_expression, "")
      failure
    },
    # Between the user's code and the agent's.
    interrupt = function(i) interrupted
  )
  if (is.null(failure)) send_done("ok", results) else send_failure(failure)
  is_done <- TRUE
  if (!is.null(failure)) stop(simpleError(failure$evalue, NULL))
  invisible(get(".Last.value", envir = baseenv()))
}

abandoned_text <- "The cell was left before its end, by return() or a jump to top level."

send_failure <- function(failure) {
  send(paste0("{\"type\":\"error\",", failure_fields(failure), "}"))
  send_done("error", NULL)
}

send_done <- function(status, results) {
  send(paste0(
    "{\"type\":\"done\",\"status\":\"", status, "\",\"user_expressions\":", json_object(results), ",\"payload\":[]}"
  ))
}

# NULL, or list(ename, evalue, traceback).
run_source <- function(source) {
  state$warned <- FALSE
  state$failure <- NULL
  tryCatch(
    withCallingHandlers(
      evaluate_each(parse_cell(source)),
      # Order matters: an error made of a warning (warn = 2) must still meet the handlers after this one.
      warning = on_warning,
      message = on_message,
      interrupt = on_interrupt,
      error = on_error
    ),
    rserver_kernel_exit = function(exit) NULL,
    # Out of C stack R calls no calling handler.
    stackOverflowError = function(e) state$failure <- list(condition = e)
  )
  print_warnings()
  if (is.null(state$failure$condition)) state$failure else described_failure(state$failure)
}

parse_cell <- function(source) {
  name <- paste0("In[", state$count, "]")
  lines <- strsplit(source, "\n", fixed = TRUE)[[1L]]
  tryCatch(
    parse(text = lines, keep.source = TRUE, srcfile = srcfilecopy(name, lines), encoding = "UTF-8"),
    error = function(e) {
      text <- conditionMessage(e)
      leave(list(ename = "ParseError", evalue = text, traceback = paste0(red("Error: "), text)))
    }
  )
}

evaluate_each <- function(expressions) {
  last <- length(expressions)
  for (index in seq_len(last)) {
    outcome <- evaluate(expressions[[index]])
    set_last_value(outcome$value)
    if (outcome$visible && !state$silent) show_value(outcome$value, index == last)
    print_warnings()
    flush_plots()
  }
}

# list(value, visible) of one expression.
evaluate <- function(expression) {
  do.call(delayedAssign, list("toplevel", expression, globalenv(), environment()))
  state$depth <- sys.nframe() + 1L
  withVisible(toplevel)
}

# In scripts R locks the binding, though not at the console.
set_last_value <- function(value) {
  base <- baseenv()
  if (bindingIsLocked(".Last.value", base)) unlockBinding(".Last.value", base)
  assign(".Last.value", value, envir = base)
}

# Ends the cell from wherever it is. The condition is made beforehand: see on_error.
leave <- function(failure) {
  state$failure <- failure
  .Internal(.signalCondition(exit_condition, "", NULL))
}

exit_condition <- structure(class = c("rserver_kernel_exit", "condition"), list(message = "", call = NULL))

# Runs on top of the failed code. Where the expression stack is used up R grants a little more, but only until the
# first return() or method dispatch (signalCondition has one): so it takes what it needs and leaves, and all else is
# done afterwards.
on_error <- function(e) {
  frame <- sys.nframe()
  if (is_only_signalled(frame)) come_back(sys.frame(frame - 1L))
  else leave(list(condition = e, calls = sys.calls(), frame = frame, depth = state$depth))
}

on_interrupt <- function(i) leave(interrupted)

interrupted <- list(ename = "Interrupt", evalue = "The cell was interrupted.", traceback = "Interrupted")

# quit() comes here, see session.R.
on_quit <- function() {
  leave(list(
    ename = "SystemExit",
    evalue = "quit() ends the cell; the session lives on.",
    traceback = red("quit() was called: the cell has ended, the session lives on.")
  ))
}

# options("error") while a cell runs: reached by what no handler sees, such as stop() with a condition that is no
# error, or (before R 4.2) an exhausted C stack. R has printed the message by then.
on_unhandled <- function() {
  message <- sub("\n$", "", geterrmessage())
  leave(list(ename = "Error", evalue = sub("^Error[^:]*: ", "", message), traceback = message))
}

# signalCondition(e) by itself is no failure. rlang signals first and stops afterwards with something that is no
# error any more: there the signal is the failure.
is_only_signalled <- function(frame) {
  frame > 1L && identical(sys.function(frame - 1L), signalCondition) &&
    !identical(environmentName(topenv(sys.frame(sys.parents()[frame - 1L]))), "rlang")
}

# Makes a function that is running return NULL, so that handlers outside the cell do not see the condition.
come_back <- function(frame) {
  delayedAssign("back", return(NULL), frame, environment())
  back
}

on_warning <- function(w) {
  restart <- restart_named("muffleWarning", w)
  if (is.null(restart)) return()
  call <- conditionCall(w)
  if (identical(call, toplevel_call)) call <- NULL
  state$warned <- TRUE
  write_stderr(captured_stderr(.Internal(.dfltWarn(conditionMessage(w), call))))
  invokeRestart(restart)
}

# With events, the runtime has its own handler for the right place in stderr, or else R has.
on_message <- function(m) {
  if (state$channel == "events") return()
  restart <- restart_named("muffleMessage", m)
  if (is.null(restart)) return()
  send_stream("stderr", conditionMessage(m))
  invokeRestart(restart)
}

restart_named <- function(name, condition) {
  for (restart in computeRestarts(condition)) if (identical(restart$name, name)) return(restart)
  NULL
}

# R's own deferred warnings, in R's own words, when the console would print them. Sets last.warning, too.
print_warnings <- function() {
  if (!state$warned) return()
  state$warned <- FALSE
  text <- captured_stderr(.Internal(printDeferredWarnings()))
  # R takes it that an error was printed just before.
  addition <- gettext("In addition: ", domain = "R")
  if (startsWith(text, addition)) text <- substring(text, nchar(addition) + 1L)
  write_stderr(text)
}

# Text for stderr in order with all other output: a runtime that offers events orders what message() says.
write_stderr <- function(text) {
  if (!nzchar(text)) return()
  if (state$channel == "events") message(text, appendLF = FALSE) else send_stream("stderr", text)
}

# What an action writes to stderr. A user who has diverted stderr keeps it.
captured_stderr <- function(action) {
  before <- sink.number(type = "message")
  if (before != state$message_sink) {
    action
    return("")
  }
  connection <- rawConnection(raw(0L), "w")
  sink(connection, type = "message")
  on.exit({
    if (before == 2L) sink(type = "message") else sink(getConnection(before), type = "message")
    close(connection)
  })
  action
  rawToChar(rawConnectionValue(connection))
}

# What on_error took along as list(ename, evalue, traceback).
described_failure <- function(failure) {
  e <- failure$condition
  call <- conditionCall(e)
  if (identical(call, toplevel_call)) call <- NULL
  text <- tryCatch(paste(conditionMessage(e), collapse = "\n"), error = function(e) "its message cannot be made")
  kind <- class(e)[1L]
  list(
    ename = if (kind %in% c("simpleError", "error")) "Error" else kind,
    evalue = text,
    traceback = c(error_line(call, text), traceback_lines(user_calls(failure$calls, failure$depth, failure$frame)))
  )
}

failure_fields <- function(failure) {
  paste0(
    "\"ename\":", json_string(failure$ename), ",\"evalue\":", json_string(failure$evalue),
    ",\"traceback\":", json_array(json_string(failure$traceback))
  )
}

# "Error in f(x) : text" as R prints it, with R's rule for a line of its own.
error_line <- function(call, text) {
  if (is.null(call)) return(paste0(red("Error: "), text))
  shown <- deparse(call, nlines = 1L)[1L]
  first <- strsplit(text, "\n", fixed = TRUE)[[1L]][1L]
  width <- 14L + nchar(shown, type = "w", allowNA = TRUE) + nchar(first, type = "w", allowNA = TRUE)
  paste0(red(paste0("Error in ", shown, " : ")), if (is.na(width) || width > 75L) "\n  ", text)
}

red <- function(text) paste0("\033[31m", text, "\033[39m")

# The user's own frames: above the agent's (`depth`), below R's error machinery. `frame` is the handler's.
user_calls <- function(calls, depth, frame) {
  if (is.null(calls) || frame - 1L <= depth) return(list())
  calls <- calls[(depth + 1L):(frame - 1L)]
  machinery <- vapply(calls, function(call) {
    is.name(call[[1L]]) && as.character(call[[1L]]) %in% error_machinery
  }, NA)
  if (any(machinery)) calls[seq_len(which(machinery)[1L] - 1L)] else calls
}

error_machinery <- c(".handleSimpleError", ".signalSimpleWarning", "signal_abort")

is_call_to <- function(call, name) is.call(call) && identical(call[[1L]], as.name(name))

# As traceback() prints: the innermost first. Long stacks lose their middle.
traceback_lines <- function(calls) {
  count <- length(calls)
  if (count == 0L) return(character())
  numbers <- rev(seq_len(count))
  if (count > 40L) numbers <- numbers[c(1:20, (count - 19L):count)]
  lines <- paste0(numbers, ": ", vapply(calls[numbers], call_text, ""))
  if (count > 40L) lines <- append(lines, paste0("   ... ", count - 40L, " more ..."), 20L)
  c("Traceback:", lines)
}

call_text <- function(call) {
  text <- deparse(call, nlines = 4L)
  if (length(text) > 3L) text <- c(text[1:3], " ...")
  place <- attr(call, "srcref")
  file <- attr(place, "srcfile")
  paste0(
    paste(text, collapse = "\n   "),
    if (!is.null(place)) paste0(" at ", if (!is.null(file)) basename(file$filename), "#", place[1L])
  )
}

# The JSON of one user expression's value or error.
user_expression <- function(code) {
  tryCatch(
    {
      value <- NULL
      for (expression in parse(text = code, keep.source = FALSE, encoding = "UTF-8")) {
        value <- suppressWarnings(evaluate(expression)$value)
      }
      paste0("{\"status\":\"ok\",", bundle_fields(value_bundle(value)), "}")
    },
    error = function(e) {
      paste0("{\"status\":\"error\",", failure_fields(described_failure(list(condition = e))), "}")
    }
  )
}
