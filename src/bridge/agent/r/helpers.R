# The functions with which code shows things by itself, by the names they have in package IRdisplay.
# They stand on the search path before base, so that whatever users or packages define goes before them.

# Sends a mime bundle: list("text/html" = "<b>x</b>"). What IRdisplay calls, too.
send_display <- function(data, metadata = NULL, id = NULL, update = FALSE) {
  if (state$silent) return(invisible())
  values <- vapply(names(data), function(type) display_value(type, data[[type]]), "")
  extra <- if (!is.null(id)) paste0(",\"display_id\":", json_string(id), if (update) ",\"update\":true")
  send_bundle("display", list(
    data = values,
    metadata = if (length(metadata) > 0L) vapply(metadata, to_json, "")
  ), paste0(extra, ""))
}

publish_mimebundle <- function(data, metadata = NULL, display_id = NULL, update = FALSE) {
  send_display(data, metadata, display_id, update)
}

clear_output <- function(wait = TRUE) {
  send(paste0("{\"type\":\"clear\",\"wait\":", if (wait) "true" else "false", "}"))
}

# Shows a value as at the end of a cell. With `display_id` (TRUE makes one) update_display() can change it later.
display <- function(obj, ..., mimetypes = NULL, display_id = NULL) {
  show_object(obj, mimetypes, display_id, update = FALSE)
}

update_display <- function(obj, ..., display_id, mimetypes = NULL) {
  show_object(obj, mimetypes, display_id, update = TRUE)
}

show_object <- function(obj, mimetypes, display_id, update) {
  if (isTRUE(display_id)) display_id <- basename(tempfile("display_"))
  if (state$silent) return(invisible(display_id))
  bundle <- with_text(rich_bundle(obj), obj)
  if (!is.null(mimetypes)) bundle$data <- bundle$data[names(bundle$data) %in% mimetypes]
  extra <- if (!is.null(display_id)) {
    paste0(",\"display_id\":", json_string(display_id), if (update) ",\"update\":true")
  }
  if (length(bundle$data) > 0L) send_bundle("display", bundle, paste0(extra, ""))
  invisible(display_id)
}

# One helper for each kind: the data itself, or a file or address to read it from.
text_helper <- function(type) {
  force(type)
  function(data = NULL, file = NULL, display_id = NULL, update = FALSE) {
    show_data(type, data, file, NULL, display_id, update)
  }
}

image_helper <- function(type) {
  force(type)
  function(data = NULL, file = NULL, width = NULL, height = NULL, display_id = NULL, update = FALSE) {
    show_data(type, data, file, list(width = width, height = height), display_id, update)
  }
}

display_html <- text_helper("text/html")
display_markdown <- text_helper("text/markdown")
display_latex <- text_helper("text/latex")
display_text <- text_helper("text/plain")
display_javascript <- text_helper("application/javascript")
display_svg <- image_helper("image/svg+xml")
display_png <- image_helper("image/png")
display_jpeg <- image_helper("image/jpeg")
display_pdf <- text_helper("application/pdf")

# Text of JSON, or any list or data frame.
display_json <- function(data = NULL, file = NULL, display_id = NULL, update = FALSE) {
  show_json("application/json", data, file, display_id, update)
}

# A chart of Vega or Vega-Lite, as text or as a list; its "$schema" says which and of what version.
display_vega <- function(data = NULL, file = NULL, display_id = NULL, update = FALSE) {
  if (is.null(data)) data <- with_utf8(rawToChar(read_bytes(file)))
  schema <- if (is.character(data)) {
    found <- regmatches(data, regexec("\"\\$schema\"\\s*:\\s*\"([^\"]*)\"", data))[[1L]]
    if (length(found) == 2L) found[2L] else ""
  } else if (is.character(data[["$schema"]])) data[["$schema"]] else ""
  show_json(vega_type(schema), data, NULL, display_id, update)
}

show_json <- function(type, data, file, display_id, update) {
  if (!is.null(data) && !is.raw(data) && !is.character(data)) data <- value_as_text(data)
  show_data(type, data, file, NULL, display_id, update)
}

value_as_text <- function(data) value_json(if (is.list(data) && !is.data.frame(data)) unclass(data) else data)

show_data <- function(type, data, file, size, display_id, update) {
  if (is.null(data)) {
    if (is.null(file)) stop("data or file is needed", call. = FALSE)
    data <- read_bytes(file)
  }
  metadata <- type_metadata(type, data, size)
  if (isTRUE(display_id)) display_id <- basename(tempfile("display_"))
  send_display(with_names(list(data), type), metadata, display_id, update)
  invisible(display_id)
}

# A whole page of HTML gets a frame of its own from the front end; an image may have a size.
type_metadata <- function(type, data, size = NULL) {
  size <- size[!vapply(size, is.null, NA)]
  if (type == "text/html" && is_page(data)) size$isolated <- TRUE
  if (type == "image/svg+xml") size$isolated <- TRUE
  if (length(size) > 0L) with_names(list(size), type)
}

is_page <- function(html) {
  if (is.raw(html)) html <- with_utf8(rawToChar(html))
  grepl("^\\s*(<!doctype|<html)", paste(html, collapse = "\n"), ignore.case = TRUE)
}

read_bytes <- function(file) {
  if (inherits(file, "connection")) return(charToRaw(paste(readLines(file, warn = FALSE), collapse = "\n")))
  if (!grepl("^(https?|ftp|file)://", file)) return(readBin(file, "raw", file.size(file)))
  local <- tempfile("rserver_kernel_")
  on.exit(unlink(local))
  utils::download.file(file, local, quiet = TRUE, mode = "wb")
  readBin(local, "raw", file.size(local))
}
