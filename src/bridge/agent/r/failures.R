# What went wrong in a cell, in R's own words, with the user's frames.

# What on_error took along as list(ename, evalue, traceback).
described_failure <- function(failure) {
  e <- failure$condition
  call <- conditionCall(e)
  if (is_toplevel_call(call)) call <- NULL
  text <- tryCatch(paste(conditionMessage(e), collapse = "\n"), error = function(e) "its message cannot be made")
  kind <- class(e)[1L]
  list(
    ename = if (kind %in% c("simpleError", "error")) "Error" else kind,
    evalue = gsub("\033\\[[0-9;]*m", "", text),
    traceback = c(error_text(e, call, text), traceback_lines(user_calls(failure$calls, failure$depth, failure$frame)))
  )
}

failure_fields <- function(failure) {
  paste0(
    "\"ename\":", json_string(failure$ename), ",\"evalue\":", json_string(failure$evalue),
    ",\"traceback\":", json_array(json_string(failure$traceback))
  )
}

# Conditions of rlang word themselves: "Error in `f()`:", and the message below it.
error_text <- function(e, call, text) {
  if (!inherits(e, "rlang_error") || !isNamespaceLoaded("rlang")) return(error_line(call, text))
  own <- tryCatch(asNamespace("rlang")$cnd_message(e, prefix = TRUE), error = function(e) NULL)
  if (is.null(own)) return(error_line(call, text))
  lines <- strsplit(paste(own, collapse = "\n"), "\n", fixed = TRUE)[[1L]]
  paste(c(red(lines[1L]), lines[-1L]), collapse = "\n")
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
