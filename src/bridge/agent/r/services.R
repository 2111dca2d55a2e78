# The types which variables have as inputs and outputs of a web service, in the words of R Server.

# Sends {types: {name: {type, class}}}: an empty type where no service can have such a value; absent names are left out.
types <- function(names) {
  present <- names[vapply(names, function(name) exists(name, envir = globalenv(), inherits = FALSE), NA)]
  items <- vapply(present, function(name) {
    value <- get(name, envir = globalenv(), inherits = FALSE)
    json_object(json_strings(type = service_type(value), class = class(value)[1L]))
  }, "")
  send_reply(types = json_object(with_names(items, present)))
}

service_type <- function(x) {
  if (is.data.frame(x)) return("data.frame")
  if (inherits(x, "POSIXlt")) x <- as.POSIXct(x)
  if (is.list(x)) return(if (is.null(names(x))) "vector" else "")
  if (!is.atomic(x) || is.null(x) || is.raw(x) || is.complex(x)) return("")
  if (is.matrix(x)) return("matrix")
  if (length(x) != 1L) return("vector")
  if (is.factor(x) || is.character(x) || inherits(x, c("Date", "POSIXct"))) return("character")
  if (is.logical(x)) "logical" else if (is.integer(x) || inherits(x, "integer64")) "integer" else "numeric"
}
