# Inputs and outputs of an execution. The server builds and reads R's own binary form (r-serialization.ts); here
# objects are only brought down to what has a place in JSON: see docs/data-types.md.

assign_inputs <- function(inputs) {
  names <- names(inputs)
  for (i in seq_along(inputs)) assign(names[i], inputs[[i]], envir = globalenv())
}

# The plain values that could be read, and what is wrong with the first one that could not.
read_outputs <- function(names) {
  values <- list()
  failure <- ""
  for (name in names) {
    value <- tryCatch(list(read_output(name)), error = identity)
    if (!inherits(value, "error")) values[name] <- value
    else if (failure == "") failure <- enc2utf8(conditionMessage(value))
  }
  list(values = values, failure = failure)
}

read_output <- function(name) {
  if (!exists(name, envir = globalenv(), inherits = FALSE))
    stop("Output parameter '", name, "': the workspace has no object of this name.", call. = FALSE)
  tryCatch(plain(get(name, envir = globalenv()), name), error = function(condition) {
    stop("Output parameter '", name, "': ", conditionMessage(condition), call. = FALSE)
  })
}

# An atomic vector with no attributes but `dim` and one class that the server knows, NULL, or a list of such.
plain <- function(value, path) {
  if (is.null(value)) return(NULL)
  if (isS4(value) && !is.data.frame(value)) refuse(value, path)
  if (is.factor(value)) return(as.character(value))
  if (inherits(value, "POSIXlt")) value <- as.POSIXct(value)
  switch(typeof(value),
    logical = , integer = , double = plain_vector(value),
    character = plain_vector(enc2utf8(value)),
    list = plain_list(value, path),
    refuse(value, path)
  )
}

plain_vector <- function(value) {
  if (is.null(attributes(value))) return(value)
  dim <- dim(value)
  class <- intersect(class(value), c("Date", "POSIXct", "integer64"))
  attributes(value) <- NULL
  if (length(dim) > 1L) dim(value) <- dim
  if (length(class) > 0L) attr(value, "class") <- class[1L]
  value
}

plain_list <- function(value, path) {
  names <- names(value)
  is_table <- is.data.frame(value)
  items <- unclass(value)
  attributes(items) <- NULL
  if (!is.null(names)) {
    names[names == "" | is.na(names)] <- as.character(which(names == "" | is.na(names)))
    twice <- anyDuplicated(names)
    if (twice > 0L) stop(path, " has two elements named '", names[twice], "'", call. = FALSE)
  }
  labels <- if (is.null(names)) paste0(path, "[[", seq_along(items), "]]") else paste0(path, "$", names)
  for (i in seq_along(items)) items[i] <- list(plain(items[[i]], labels[i]))
  if (!is.null(names)) names(items) <- enc2utf8(names)
  if (is_table) attr(items, "class") <- "data.frame"
  items
}

refuse <- function(value, path) {
  stop(path, " is of class ", class(value)[1L], ", which has no form in JSON; fetch it as a workspace object.",
    call. = FALSE)
}
