# Runs a cell expression by expression, as R's own console would.
#
# Each expression is the code of a promise whose environment is the global one. Forcing it leaves no frame that a
# user could meet: parent.frame(), sys.call(), on.exit() and return() at top level do what they do at the console,
# which they do not inside eval().

# The call R sees around a top-level expression; conditions raised there carry it and must lose it.
toplevel_calls <- list(quote(withVisible(toplevel)), quote(eval(expression, globalenv())))

is_toplevel_call <- function(call) {
  for (known in toplevel_calls) if (identical(call, known)) return(TRUE)
  FALSE
}

# Runs a cell and sends its messages. Gives its last value back, so that the session's .Last.value is right.
# `known` is the state of the workspace which the kernel knows, see knowledge.R.
run <- function(...) {
  stop_compiling()
  on.exit(go_on_compiling())
  run_cell(...)
}

run_cell <- function(source, silent = FALSE, count = 0L, expressions = NULL, known = NULL) {
  is_done <- FALSE
  # A jump to top level, or return() where the server evaluates by eval(), passes by everything else.
  on.exit({
    end_cell()
    if (!is_done) send_failure(list(ename = "Error", evalue = abandoned_text, traceback = red(abandoned_text)))
  })
  results <- NULL
  failure <- tryCatch(
    {
      tell_everything(known)
      start_cell(silent, count)
      failure <- run_source(source)
      stop_compiling()
      if (length(state$plots) > 0L) finish_plots()
      if (is.null(failure) && length(expressions) > 0L) results <- user_expressions(expressions)
      tell_changes(known, state$mentioned)
      failure
    },
    # Between the user's code and the agent's.
    interrupt = function(i) interrupted
  )
  if (is.null(failure)) {
    hold_done("ok", results)
    release_held(last = TRUE)
  } else send_failure(failure)
  is_done <- TRUE
  if (!is.null(failure)) stop(simpleError(failure$evalue, NULL))
  invisible(get(".Last.value", envir = baseenv()))
}

abandoned_text <- "The cell was left before its end, by return() or a jump to top level."

# The runtime prints the error once more, which the kernel passes over after `done`.
send_failure <- function(failure) {
  hold(paste0("{\"type\":\"error\",", failure_fields(failure), "}"))
  hold_done("error", NULL)
  release_held()
}

hold_done <- function(status, results) {
  hold(paste0(
    "{\"type\":\"done\",\"status\":\"", status, "\",\"user_expressions\":", json_object(results),
    ",\"payload\":", json_array(state$payload), "}"
  ))
}

# NULL, or list(ename, evalue, traceback).
run_source <- function(source) {
  state$warned <- FALSE
  state$failure <- NULL
  state$is_in_eval <- is_in_eval()
  state$mentioned <- character()
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
  expressions <- if (is_plain_line(source)) tryCatch(
    parse(text = source, keep.source = FALSE, encoding = "UTF-8"),
    error = function(e) NULL
  )
  if (is.null(expressions)) parse_with_source(source) else expressions
}

# Whether no function and no traceback will refer to the places in the source: then keeping it is a waste of time.
is_plain_line <- function(source) !grepl("\n|[{]|function|\\\\", source)

parse_with_source <- function(source) {
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
  state$mentioned <- unique(all.names(expressions))
  for (index in seq_len(last)) {
    outcome <- evaluate(expressions[[index]])
    set_last_value(outcome$value)
    if (outcome$visible && !state$silent) show_value(outcome$value, index == last)
    print_warnings()
    if (length(state$plots) > 0L) flush_plots()
  }
}

# list(value, visible) of one expression.
evaluate <- function(expression) {
  go_on_compiling()
  outcome <- if (state$is_in_eval) evaluate_apart(expression) else {
    do.call(delayedAssign, list("toplevel", expression, globalenv(), environment()))
    state$depth <- sys.nframe() + 1L
    withVisible(toplevel)
  }
  stop_compiling()
  outcome
}

# Where the server runs the agent inside eval(, globalenv()), top-level code would take that frame for its own:
# return() would leave the agent. With a frame for each expression it does what it does in IRkernel.
evaluate_apart <- function(expression) {
  state$depth <- sys.nframe() + 3L
  withVisible(eval(expression, globalenv()))
}

is_in_eval <- function() {
  for (frame in sys.frames()) if (identical(frame, globalenv())) return(TRUE)
  FALSE
}

# R's just-in-time compiler would spend 50 ms on the agent in every session; it is meant for the user's code.
stop_compiling <- function() {
  if (!is.null(state$jit)) return()
  state$jit <- .Internal(enableJIT(0L))
}

go_on_compiling <- function() {
  if (is.null(state$jit)) return()
  .Internal(enableJIT(state$jit))
  state$jit <- NULL
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

# quit() comes here, see session.R. As in Python the value is the status, and nothing for 0: papermill takes that for a
# clean stop.
on_quit <- function(status) {
  leave(list(
    ename = "SystemExit",
    evalue = if (identical(as.integer(status), 0L)) "" else as.character(status)[1L],
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
  if (is_toplevel_call(call)) call <- NULL
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
  release_held()
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

# The expressions may print.
user_expressions <- function(expressions) {
  release_held()
  vapply(expressions, user_expression, "")
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
