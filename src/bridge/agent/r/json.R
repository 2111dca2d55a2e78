# JSON that users hand over, as text or as R values.

# One value of a mime bundle, as JSON.
display_value <- function(type, value) {
  if (is.raw(value)) {
    is_text <- grepl("^text/|json$|javascript$|svg\\+xml$", type)
    return(json_string(if (is_text) with_utf8(rawToChar(value)) else base64(value)))
  }
  if (grepl("json$", type)) {
    if (!is.character(value) || inherits(value, "AsIs")) return(value_json(value))
    text <- paste(value, collapse = "\n")
    # Between its tokens JSON may have line ends, inside of them no control characters at all.
    if (is_json(text)) return(json_ascii(gsub("[\r\n\t]", " ", text)))
    if (is.null(attributes(value))) return(json_string(text))
  }
  json_string(paste(as.character(value), collapse = "\n"))
}

# Data frames as records, as JavaScript wants them; jsonlite where it is there.
value_json <- function(x) {
  if (requireNamespace("jsonlite", quietly = TRUE)) {
    json <- jsonlite::toJSON(
      x, auto_unbox = TRUE, dataframe = "rows", null = "null", na = "null", digits = NA, force = TRUE, POSIXt = "ISO8601"
    )
    return(json_ascii(as.character(json)))
  }
  to_json(as_records(x))
}

as_records <- function(x) {
  if (is.data.frame(x)) {
    columns <- lapply(x, as_records)
    return(lapply(seq_len(nrow(x)), function(row) lapply(columns, function(column) column[[row]])))
  }
  if (is.factor(x) || inherits(x, c("Date", "POSIXt"))) return(as.character(x))
  if (is.list(x)) lapply(unclass(x), as_records) else x
}

is_json <- function(text) {
  if (requireNamespace("jsonlite", quietly = TRUE)) return(isTRUE(c(jsonlite::validate(text))))
  isTRUE(suppressWarnings(grepl(json_grammar, text, perl = TRUE)))
}

# RFC 8259 as a recursive expression.
json_grammar <- paste0(
  "(?(DEFINE)(?<number>-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)",
  "(?<string>\"(?:[^\"\\\\\\x00-\\x1f]|\\\\(?:[\"\\\\/bfnrt]|u[0-9a-fA-F]{4}))*+\")",
  "(?<array>\\[\\s*+(?:(?&json)(?:,(?&json))*+)?\\])",
  "(?<object>\\{\\s*+(?:(?&pair)(?:,(?&pair))*+)?\\})(?<pair>\\s*+(?&string)\\s*+:(?&json))",
  "(?<json>\\s*+(?:(?&object)|(?&array)|(?&string)|(?&number)|true|false|null)\\s*+))\\A(?&json)\\z"
)

# The console channel carries ASCII only; outside its strings JSON has nothing else.
json_ascii <- function(text) {
  text <- enc2utf8(text)
  if (state$channel == "events" || !grepl("[^ -~]", text, perl = TRUE)) text else json_escape_rare(text)
}
