# The types of a text file, in a file beside it: one line for each column, fields between tabs.

write_types <- function(content, na, file) {
  escape <- function(x) gsub("\n", "\\n", gsub("\t", "\\t", gsub("\\", "\\\\", x, fixed = TRUE), fixed = TRUE), fixed = TRUE)
  lines <- vapply(content$columns, function(column) {
    paste(escape(c(column$name, column$kind, column$meta, column$levels)), collapse = "\t")
  }, "")
  head <- paste(c("rserver-kernel types 1", content$shape, content$rows, if (is.null(content$labels)) "" else "labels", escape(na)), collapse = "\t")
  writeLines(c(head, lines), file, useBytes = TRUE)
}

read_types <- function(file) {
  unescape <- function(x) {
    x <- gsub("\\\\", "\001", x, fixed = TRUE)
    x <- gsub("\\n", "\n", gsub("\\t", "\t", x, fixed = TRUE), fixed = TRUE)
    gsub("\001", "\\", x, fixed = TRUE)
  }
  lines <- readLines(file, encoding = "UTF-8", warn = FALSE)
  fields <- lapply(strsplit(paste0(lines, "\t."), "\t", fixed = TRUE), function(x) unescape(x[-length(x)]))
  head <- fields[[1L]]
  columns <- lapply(fields[-1L], function(x) list(name = x[1L], kind = x[2L], meta = x[3L], levels = x[-(1:3)]))
  list(shape = head[2L], rows = as.integer(head[3L]), labelled = head[4L] == "labels", na = head[5L], columns = columns)
}

typed <- function(about, labels, texts) {
  if (length(texts) != length(about$columns)) stop("the file does not have the columns of its types", call. = FALSE)
  about$columns <- Map(function(column, text) {
    if (column$kind == "character" || column$kind == "factor") text <- enc2utf8(text)
    c(column, list(values = from_text(column$kind, column$levels, text)))
  }, about$columns, texts)
  about$labels <- labels
  about$rows <- if (about$shape == "matrix") about$rows else if (length(texts) > 0L) length(texts[[1L]]) else about$rows
  decode(about)
}
