# Variables as JSON: one object with an array for each column.

write_json <- function(content, file) {
  string <- function(x) {
    x <- gsub("\"", "\\\"", gsub("\\", "\\\\", enc2utf8(x), fixed = TRUE), fixed = TRUE)
    for (code in c(1:31)) x <- gsub(rawToChar(as.raw(code)), sprintf("\\u%04x", code), x, fixed = TRUE)
    paste0("\"", x, "\"")
  }
  array <- function(column) {
    text <- as_text(column)
    is_number <- column$kind %in% c("integer", "logical", "double", "duration")
    cells <- if (!is_number) string(text) else ifelse(text %in% c("NaN", "Inf", "-Inf"), string(text), text)
    cells[is.na(text)] <- "null"
    paste0("[", paste(cells, collapse = ","), "]")
  }
  columns <- content$columns
  if (!is.null(content$labels)) columns <- c(list(encode_column(content$labels, "")), columns)
  pairs <- vapply(columns, function(column) paste0(string(column$name), ":", array(column)), "")
  writeLines(paste0("{", paste(pairs, collapse = ",\n"), "}"), file, useBytes = TRUE)
  write_types(content, "", paste0(file, ".types"))
}

read_json <- function(file, types) {
  need("jsonlite")
  if (is.null(types)) return(jsonlite::fromJSON(file))
  about <- read_types(types)
  text <- paste(readLines(file, encoding = "UTF-8", warn = FALSE), collapse = "\n")
  columns <- lapply(unname(jsonlite::fromJSON(text, simplifyVector = FALSE, bigint_as_char = TRUE)), function(column) {
    vapply(column, function(cell) {
      if (is.null(cell)) NA_character_
      else if (is.logical(cell)) tolower(cell)
      else if (is.numeric(cell)) sprintf("%.17g", cell)
      else cell
    }, "")
  })
  labels <- if (about$labelled) columns[[1L]]
  typed(about, labels, if (about$labelled) columns[-1L] else columns)
}
