# Variables as columns, the form between a variable and its file. A column is its name, kind, meta (time zone, unit,
# order), levels and bare values; the kinds are those of columns.py.

# A variable as columns: a data frame, a matrix (one column, and its rows) or a vector.
encode <- function(x, name) {
  if (is.data.frame(x)) {
    labels <- if (.row_names_info(x) > 0L) row.names(x)
    columns <- lapply(seq_along(x), function(index) encode_column(x[[index]], names(x)[index]))
    return(list(shape = "frame", rows = nrow(x), labels = labels, columns = columns))
  }
  if (is.null(x)) stop(sprintf("%s is NULL", name), call. = FALSE)
  if (length(dim(x)) == 2L) {
    return(list(shape = "matrix", rows = nrow(x), labels = NULL, columns = list(encode_column(c(x), name))))
  }
  list(shape = "vector", rows = length(x), labels = names(x), columns = list(encode_column(unname(x), name)))
}

encode_column <- function(x, name) {
  column <- function(kind, values, meta = "", levels = character()) {
    list(name = name, kind = kind, meta = meta, levels = levels, values = values)
  }
  if (is.factor(x)) {
    return(column("factor", as.integer(x), if (is.ordered(x)) "ordered" else "", enc2utf8(levels(x))))
  }
  if (inherits(x, "POSIXlt")) x <- as.POSIXct(x)
  if (inherits(x, "POSIXct")) return(column("datetime", as.double(unclass(x)), zone_of(x)))
  if (inherits(x, "Date")) return(column("date", as.double(unclass(x))))
  if (inherits(x, "difftime")) return(column("duration", as.double(x, units = "secs"), attr(x, "units")))
  if (inherits(x, "integer64")) return(column("integer64", as.vector(unclass(x))))
  if (is.list(x) || !is.atomic(x) || is.raw(x)) {
    stop(sprintf("%s is of class %s, which this format cannot hold", name, class(x)[1L]), call. = FALSE)
  }
  switch(typeof(x),
    logical = column("logical", as.vector(x)),
    integer = column("integer", as.integer(x)),
    double = column("double", as.double(x)),
    complex = column("complex", as.complex(x)),
    character = column("character", enc2utf8(as.character(x)))
  )
}

zone_of <- function(x) {
  zone <- attr(x, "tzone")[1L]
  if (is.null(zone) || is.na(zone) || zone == "") zone <- Sys.timezone()
  if (is.null(zone) || is.na(zone)) "UTC" else zone
}

decode <- function(content) {
  values <- lapply(content$columns, function(column) {
    decode_column(column$kind, column$meta, column$levels, column$values)
  })
  if (content$shape == "matrix") return(matrix(values[[1L]], nrow = content$rows))
  if (content$shape == "vector") {
    x <- values[[1L]]
    if (!is.null(content$labels)) names(x) <- content$labels
    return(x)
  }
  names(values) <- vapply(content$columns, function(column) column$name, "")
  labels <- if (is.null(content$labels)) .set_row_names(content$rows) else content$labels
  structure(values, row.names = labels, class = "data.frame")
}

decode_column <- function(kind, meta, levels, values) {
  switch(kind,
    factor = structure(values, levels = levels, class = c(if (meta == "ordered") "ordered", "factor")),
    datetime = structure(values, class = c("POSIXct", "POSIXt"), tzone = meta),
    date = structure(values, class = "Date"),
    duration = {
      x <- structure(values, class = "difftime", units = "secs")
      if (nzchar(meta)) units(x) <- meta
      x
    },
    integer64 = structure(values, class = "integer64"),
    values
  )
}
