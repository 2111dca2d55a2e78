# The binary form between languages: little-endian, each column in one piece.

write_frame <- function(content, file) {
  out <- file(file, "wb")
  on.exit(close(out))
  int <- function(x) writeBin(as.integer(x), out, endian = "little")
  strings <- function(x) {
    missing <- is.na(x)
    if (any(missing)) x[missing] <- ""
    int(length(x))
    writeBin(sum(nchar(x, "bytes") + 1), out, endian = "little")
    writeBin(as.raw(missing), out)
    writeBin(x, out, useBytes = TRUE)
  }
  writeBin(charToRaw("RSKFRM1\n"), out)
  strings(content$shape)
  writeBin(as.double(content$rows), out, endian = "little")
  int(!is.null(content$labels))
  if (!is.null(content$labels)) strings(enc2utf8(content$labels))
  int(length(content$columns))
  for (column in content$columns) {
    strings(enc2utf8(c(column$name, column$kind, column$meta)))
    strings(column$levels)
    int(length(column$values))
    if (column$kind == "character") strings(column$values)
    else if (column$kind == "logical") int(column$values)
    else writeBin(column$values, out, endian = "little")
  }
}

read_frame <- function(file) {
  input <- file(file, "rb")
  on.exit(close(input))
  int <- function(n = 1L) readBin(input, "integer", n, endian = "little")
  double <- function(n = 1L) readBin(input, "double", n, endian = "little")
  strings <- function() {
    n <- int()
    double()
    missing <- as.logical(readBin(input, "raw", n))
    x <- readBin(input, "character", n)
    Encoding(x) <- "UTF-8"
    x[missing] <- NA
    x
  }
  readBin(input, "raw", 8L)
  shape <- strings()
  rows <- double()
  labels <- if (int() == 1L) strings()
  columns <- lapply(seq_len(int()), function(index) {
    about <- strings()
    levels <- strings()
    n <- int()
    values <- switch(about[2L],
      character = strings(),
      logical = as.logical(int(n)),
      integer = ,
      factor = int(n),
      complex = readBin(input, "complex", n, endian = "little"),
      double(n)
    )
    list(name = about[1L], kind = about[2L], meta = about[3L], levels = levels, values = values)
  })
  list(shape = shape, rows = as.integer(rows), labels = labels, columns = columns)
}
