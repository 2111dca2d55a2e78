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
