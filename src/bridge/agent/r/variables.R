# The variables of the workspace, for a list beside the notebook. Cheap whatever they hold: nothing is copied or run.

variable_limit <- 1000L

# Sends {variables: [{name, type, size, value, members}]}; members counts what can be opened.
variables <- function() {
  names <- utils::head(ls(globalenv()), variable_limit)
  items <- vapply(names, function(name) json_object(json_strings(variable_fields(name))), "")
  send_reply(variables = json_array(items))
}

# c(name, type, size, value)
variable_fields <- function(name) {
  # The code behind an active binding is the user's: looking must not run it.
  described <- if (bindingIsActive(as.name(name), globalenv())) list("active binding", "", "")
    else tryCatch(
      describe_value(get(name, envir = globalenv(), inherits = FALSE)),
      error = function(e) list("unknown", "", conditionMessage(e))
    )
  c(name = name, type = described[[1L]], size = described[[2L]], value = described[[3L]])
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

# Sends {variables: [...]} of what a variable holds, by its path of names and positions.
children <- function(path) {
  value <- get(path[[1L]], envir = globalenv(), inherits = FALSE)
  for (step in path[-1L]) value <- child_of(value, step)
  names <- members_of(value)$names
  if (is.null(names)) names <- as.character(seq_len(min(length(value), members_limit)))
  items <- vapply(utils::head(names, members_limit), function(name) {
    described <- tryCatch(describe_value(child_of(value, name)), error = function(e) list("unknown", "", ""))
    json_object(json_strings(name = name, type = described[[1L]], size = described[[2L]], value = described[[3L]]))
  }, "")
  send_reply(variables = json_array(items))
}

child_of <- function(value, name) {
  if (is.environment(value)) {
    if (bindingIsActive(as.name(name), value)) stop("active binding")
    return(get(name, envir = value, inherits = FALSE))
  }
  if (isS4(value)) return(methods::slot(value, name))
  if (name %in% names(value)) .subset2(value, name) else .subset2(value, as.integer(name))
}
