# The variables of the workspace, for a list beside the notebook. Cheap whatever they hold: nothing is copied or run.

variable_limit <- 1000L

# Sends {variables: [{name, type, size, value}]}.
variables <- function() {
  names <- utils::head(ls(globalenv()), variable_limit)
  items <- vapply(names, describe_variable, "")
  send_reply(variables = json_array(items))
}

describe_variable <- function(name) {
  # The code behind an active binding is the user's: looking must not run it.
  described <- if (bindingIsActive(as.name(name), globalenv())) list("active binding", "", "")
    else tryCatch(
      describe_value(get(name, envir = globalenv(), inherits = FALSE)),
      error = function(e) list("unknown", "", conditionMessage(e))
    )
  fields <- json_string(c(name, described[[1L]], described[[2L]], described[[3L]]))
  json_object(with_names(fields, c("name", "type", "size", "value")))
}

describe_value <- function(x) {
  size <- if (is.function(x) || is.environment(x)) "" else if (is.null(dim(x))) as.character(length(x))
    else paste(dim(x), collapse = " \u00d7 ")
  list(class(x)[1L], size, shorten(short_value(x)))
}

short_value <- function(x) {
  if (is.function(x)) return(gsub("\n *", " ", signature_text(x)))
  if (is.null(x)) return("NULL")
  if (is.language(x)) return(deparse(x, nlines = 1L)[1L])
  if (is.list(x)) return(paste(utils::head(names(x), 10L), collapse = ", "))
  if (!is.atomic(x)) return("")
  first <- x[seq_len(min(length(x), 10L))]
  shown <- if (is.factor(first)) as.character(first)
    else if (is.character(first)) encodeString(substr(first, 1L, 80L), quote = "\"")
    else format(first, trim = TRUE)
  paste(shown, collapse = ", ")
}

shorten <- function(text) if (nchar(text) > 80L) paste0(substr(text, 1L, 79L), "\u2026") else text
