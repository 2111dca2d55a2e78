# Moves variables between an R session and files: what %push, %pull and %share run in it. Base R only; leaves no names.

NAME_OF_NA <- "NA"

# One vector as kind, meta (time zone, unit, order), levels and bare values; the kinds are those of transfer.py.
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

# The values of a column as text that reads back equal; NA stays NA.
as_text <- function(column) {
  x <- column$values
  exact <- function(x) {
    text <- sprintf("%.15g", x)
    differs <- !is.na(x) & suppressWarnings(as.numeric(text)) != x
    text[differs] <- sprintf("%.17g", x[differs])
    text[is.nan(x)] <- "NaN"
    text[is.na(x) & !is.nan(x)] <- NA
    text
  }
  switch(column$kind,
    character = x,
    logical = ifelse(x, "true", "false"),
    integer = as.character(x),
    factor = column$levels[x],
    date = format(structure(x, class = "Date"), "%Y-%m-%d"),
    datetime = instant_text(x),
    integer64 = integer64_text(x),
    complex = as.character(x),
    exact(x)
  )
}

instant_text <- function(x) {
  micro <- round(x * 1e6)
  whole <- floor(micro / 1e6)
  rest <- micro - whole * 1e6
  text <- format(structure(whole, class = c("POSIXct", "POSIXt"), tzone = "UTC"), "%Y-%m-%dT%H:%M:%S")
  paste_present(text, ifelse(rest == 0, "Z", sprintf(".%06dZ", as.integer(rest))), x)
}

paste_present <- function(first, second, x) ifelse(is.na(x), NA_character_, paste0(first, second))

# The digits of the integers whose bits are in these doubles.
integer64_text <- function(x) {
  words <- matrix(readBin(writeBin(x, raw(), endian = "little"), "integer", 2L * length(x), endian = "little"), nrow = 2L)
  unsigned <- function(x) {
    x <- ifelse(is.na(x), -2147483648, as.double(x))
    ifelse(x < 0, x + 4294967296, x)
  }
  low <- unsigned(words[1L, ])
  high <- unsigned(words[2L, ])
  negative <- high >= 2147483648
  is_missing <- high == 2147483648 & low == 0
  # Two's complement; then in parts of 1e6, which doubles hold exactly.
  low[negative] <- 4294967296 - low[negative]
  high[negative] <- 4294967295 - high[negative] + (low[negative] == 4294967296)
  low[low == 4294967296] <- 0
  part <- (high %% 1e6) * 4294967296 %% 1e15
  below <- (high * 967296 + low)
  units <- below %% 1e6
  middle <- floor(below / 1e6) + high * 4294
  text <- ifelse(middle > 0, paste0(sprintf("%.0f", middle), sprintf("%06.0f", units)), sprintf("%.0f", units))
  text[negative] <- paste0("-", text[negative])
  text[is_missing] <- NA
  text
}

integer64_of <- function(text) {
  digits <- sub("^-", "", text)
  digits[is.na(digits)] <- "0"
  width <- nchar(digits)
  units <- as.numeric(substr(digits, pmax(1L, width - 5L), width))
  middle <- ifelse(width > 6L, substr(digits, 1L, width - 6L), "0")
  middle <- as.numeric(middle)
  # middle * 1e6 + units, in words of 32 bits: middle is below 2^44.
  upper <- floor(middle / 65536)
  lower <- middle %% 65536
  low_sum <- lower * 1e6 + units
  scaled <- upper * 1e6
  carry <- floor(low_sum / 65536)
  scaled <- scaled + carry
  low <- (scaled %% 65536) * 65536 + low_sum %% 65536
  high <- floor(scaled / 65536)
  negative <- !is.na(text) & grepl("^-", text)
  flip <- negative & low != 0
  high[negative] <- 4294967296 - high[negative] - flip[negative]
  low[flip] <- 4294967296 - low[flip]
  high[negative] <- high[negative] %% 4294967296
  high[is.na(text)] <- 2147483648
  low[is.na(text)] <- 0
  signed <- function(x) ifelse(x == 2147483648, NA, ifelse(x > 2147483648, x - 4294967296, x))
  words <- as.vector(rbind(as.integer(signed(low)), as.integer(signed(high))))
  readBin(writeBin(words, raw(), endian = "little"), "double", length(text), endian = "little")
}

from_text <- function(kind, levels, text) {
  switch(kind,
    character = text,
    logical = text == "true",
    integer = as.integer(text),
    factor = match(text, levels),
    date = as.double(as.Date(text, format = "%Y-%m-%d")),
    datetime = {
      whole <- as.double(as.POSIXct(strptime(substr(text, 1L, 19L), "%Y-%m-%dT%H:%M:%S", tz = "UTC")))
      rest <- sub("Z$", "", substr(text, 20L, nchar(text)))
      whole + ifelse(is.na(rest) | rest == "", 0, suppressWarnings(as.numeric(paste0("0", rest))))
    },
    integer64 = integer64_of(text),
    complex = as.complex(text),
    ifelse(is.na(text), NA_real_, suppressWarnings(as.numeric(text)))
  )
}

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

# A word for what is missing that no text of the file is.
word_for_na <- function(texts) {
  word <- NAME_OF_NA
  while (any(vapply(texts, function(text) word %in% text, NA))) word <- paste0(word, "_")
  word
}

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

need <- function(...) {
  for (package in c(...)) if (requireNamespace(package, quietly = TRUE)) return(package)
  stop(sprintf("the session has no package %s", paste(c(...), collapse = " or ")), call. = FALSE)
}

write_parquet <- function(x, file) {
  if (need("arrow", "nanoparquet") == "arrow") arrow::write_parquet(x, file) else nanoparquet::write_parquet(x, file)
}

read_parquet <- function(file) {
  x <- if (need("arrow", "nanoparquet") == "arrow") arrow::read_parquet(file) else nanoparquet::read_parquet(file)
  as.data.frame(x)
}

write_arrow <- function(x, file) {
  need("arrow")
  arrow::write_feather(x, file)
}

read_arrow <- function(file) {
  need("arrow")
  as.data.frame(arrow::read_feather(file))
}

digest_of <- function(file) {
  if (exists("sha256sum", envir = asNamespace("tools"), inherits = FALSE)) {
    return(c("sha256", unname(get("sha256sum", asNamespace("tools"))(file))))
  }
  c("md5", unname(tools::md5sum(file)))
}

report <- function(...) {
  cat("\n", paste(c("<rserver-transfer>", ...), collapse = "\t"), "\n", sep = "")
}

# Tells how far a sent file came: its digest.
check <- function(file) report("digest", digest_of(file))

load_file <- function(file, format, name, types = NULL) {
  on.exit(unlink(c(file, types)))
  x <- switch(format,
    csv = read_csv(file, types),
    json = read_json(file, types),
    parquet = read_parquet(file),
    arrow = read_arrow(file),
    rds = readRDS(file),
    frame = decode(read_frame(file)),
    rdata = {
      found <- new.env()
      names <- load(file, found)
      if (length(names) != 1L || name == "") {
        for (each in names) assign(each, get(each, found), envir = globalenv())
        return(report("names", names))
      }
      get(names, found)
    },
    stop(sprintf("R does not read the format %s", format), call. = FALSE)
  )
  assign(name, x, envir = globalenv())
  describe(x)
}

describe <- function(x) {
  rows <- if (length(dim(x)) == 2L) nrow(x) else length(x)
  columns <- if (length(dim(x)) == 2L) ncol(x) else 1L
  report("value", class(x)[1L], rows, columns)
}

save_file <- function(name, format, file) {
  if (!exists(name, envir = globalenv())) return(report("missing"))
  on.exit(unlink(c(file, paste0(file, ".types"))))
  x <- get(name, envir = globalenv())
  if (format %in% c("parquet", "arrow") && !is.data.frame(x)) {
    stop(sprintf("%s is no data frame, which the format %s wants", name, format), call. = FALSE)
  }
  switch(format,
    csv = write_csv(encode(x, name), file),
    json = write_json(encode(x, name), file),
    parquet = write_parquet(x, file),
    arrow = write_arrow(x, file),
    rds = saveRDS(x, file),
    rdata = save(list = name, file = file, envir = globalenv()),
    frame = write_frame(encode(x, name), file),
    stop(sprintf("R does not write the format %s", format), call. = FALSE)
  )
  on.exit()
  describe(x)
  report("file", file.info(file)$size, digest_of(file), file.exists(paste0(file, ".types")))
}

# Gives a sent file its name, when it is free or may be replaced.
keep_file <- function(file, name, replaces) {
  if (!replaces && file.exists(name)) {
    unlink(file)
    return(report("exists"))
  }
  if (!file.rename(file, name)) stop(sprintf("the file %s cannot be written", name), call. = FALSE)
  report("kept")
}

file_digest <- function(name) {
  if (!file.exists(name)) return(report("missing"))
  report("file", file.info(name)$size, digest_of(name), "FALSE")
}

remove_files <- function(files) invisible(unlink(files))
