# Variables as CSV.

write_csv <- function(content, file) {
  texts <- lapply(content$columns, as_text)
  if (!is.null(content$labels)) texts <- c(list(enc2utf8(content$labels)), texts)
  na <- word_for_na(texts)
  quoted <- function(x) paste0("\"", gsub("\"", "\"\"", x, fixed = TRUE), "\"")
  kinds <- c(if (!is.null(content$labels)) "character", vapply(content$columns, function(column) column$kind, ""))
  cells <- Map(function(text, kind) {
    out <- if (kind %in% c("character", "factor")) quoted(text) else text
    out[is.na(text)] <- na
    out
  }, texts, kinds)
  names <- c(if (!is.null(content$labels)) "", vapply(content$columns, function(column) column$name, ""))
  rows <- if (length(cells) == 0L) character() else do.call(paste, c(unname(cells), sep = ","))
  writeLines(c(paste(quoted(enc2utf8(names)), collapse = ","), rows), file, useBytes = TRUE)
  write_types(content, na, paste0(file, ".types"))
}

read_csv <- function(file, types) {
  if (is.null(types)) {
    return(utils::read.csv(file, stringsAsFactors = FALSE, check.names = FALSE, encoding = "UTF-8", fileEncoding = ""))
  }
  about <- read_types(types)
  cells <- utils::read.csv(
    file, colClasses = "character", na.strings = about$na, check.names = FALSE, encoding = "UTF-8", strip.white = FALSE
  )
  labels <- if (about$labelled) cells[[1L]]
  if (about$labelled) cells <- cells[-1L]
  typed(about, labels, unname(as.list(cells)))
}

# A word for what is missing that no text of the file is.
word_for_na <- function(texts) {
  word <- "NA"
  while (any(vapply(texts, function(text) word %in% text, NA))) word <- paste0(word, "_")
  word
}
