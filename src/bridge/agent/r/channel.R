# How messages leave the session: a small JSON writer and the two channels. Knows nothing of what it sends.

# Everything of the agent that changes. `channel` and `nonce` come from configure().
state <- new.env(parent = emptyenv())
state$running <- FALSE
state$count <- 0L
state$silent <- FALSE
state$queue <- NULL
state$held <- NULL

configure <- function(channel, nonce) {
  state$channel <- channel
  state$nonce <- nonce
  emit <- getOption("rserver.emit")
  state$knows_last <- is.function(emit) && "last" %in% names(formals(emit))
  state$sinks <- sink.number()
  state$message_sink <- sink.number(type = "message")
  state$host_device <- grDevices::dev.cur()
  invisible()
}

# Sends one message. While the agent collects printed text, marked console text would land in it: it waits then.
send <- function(json) {
  if (state$channel == "events") {
    state$held <- c(state$held, json)
    release_held()
  } else if (is.null(state$queue)) {
    # A sink of the user's would swallow it; what goes to stderr stays in the console's order all the same.
    target <- if (sink.number() > state$sinks) stderr() else stdout()
    cat("\036", state$nonce, ":", json, "\036", sep = "", file = target)
    flush(target)
  } else {
    state$queue <- c(state$queue, json)
  }
  invisible()
}

# Sends one message with those that follow it, in one piece: placing a piece among the text costs more than the message.
# Whatever is printed or sent before they are there has to release it.
hold <- function(json) {
  if (state$channel == "events") state$held <- c(state$held, json) else send(json)
  invisible()
}

# `last`: nothing is printed from here to the end of the execution, neither by the runtime.
release_held <- function(last = FALSE) {
  if (is.null(state$held)) return(invisible())
  text <- paste0(state$held, collapse = "\n")
  state$held <- NULL
  emit <- getOption("rserver.emit")
  if (last && state$knows_last) emit(text, TRUE) else emit(text)
  invisible()
}

send_stream <- function(name, text) {
  send(paste0("{\"type\":\"stream\",\"name\":\"", name, "\",\"text\":", json_string(text), "}"))
}

send_bundle <- function(type, bundle, extra = "") send(bundle_message(type, bundle, extra))

bundle_message <- function(type, bundle, extra = "") {
  paste0("{\"type\":\"", type, "\",", bundle_fields(bundle), extra, "}")
}

send_reply <- function(...) {
  hold(paste0("{\"type\":\"reply\",\"content\":", json_object(c(...)), "}"))
  release_held(last = TRUE)
}

# A mime bundle is list(data, metadata): two named character vectors whose values are JSON already.
bundle_fields <- function(bundle) {
  paste0("\"data\":", json_object(bundle$data), ",\"metadata\":", json_object(bundle$metadata))
}

plain_bundle <- function(text) {
  list(data = c("text/plain" = json_string(text)), metadata = NULL)
}

# fields: a named character vector of JSON values.
json_object <- function(fields) {
  if (length(fields) == 0L) return("{}")
  keys <- names(fields)
  keys <- if (anyNA(match(keys, common_keys))) json_string(keys) else paste0("\"", keys, "\"")
  paste0("{", paste0(keys, ":", fields, collapse = ","), "}")
}

# Need no look whether they have to be escaped.
common_keys <- c("text/plain", "text/html", "text/markdown", "text/latex", "image/png")

# items: a character vector of JSON values.
json_array <- function(items) paste0("[", paste0(items, collapse = ","), "]")

# Quotes strings. The console channel carries ASCII only.
json_string <- function(x) {
  if (length(x) == 0L) return(character())
  x <- enc2utf8(x)
  valid <- validUTF8(x)
  if (!all(valid)) x[!valid] <- iconv(x[!valid], "UTF-8", "UTF-8", sub = "byte")
  plain <- if (state$channel == "events") "[\"\\\\\\x01-\\x1f\\x7f]" else "[^ !#-\\[\\]-~]"
  special <- grepl(plain, x, perl = TRUE)
  if (any(special)) x[special] <- json_escape(x[special])
  paste0("\"", x, "\"")
}

json_escape <- function(x) {
  x <- gsub("\\", "\\\\", x, fixed = TRUE)
  x <- gsub("\"", "\\\"", x, fixed = TRUE)
  x <- gsub("\n", "\\n", x, fixed = TRUE)
  x <- gsub("\r", "\\r", x, fixed = TRUE)
  x <- gsub("\t", "\\t", x, fixed = TRUE)
  if (state$channel != "events" || any(grepl("[\\x01-\\x1f\\x7f]", x, perl = TRUE))) {
    pattern <- if (state$channel == "events") "[\\x01-\\x1f\\x7f]" else "[^ -~]"
    rare <- grepl(pattern, x, perl = TRUE)
    x[rare] <- vapply(x[rare], json_escape_rare, "", USE.NAMES = FALSE)
  }
  x
}

# One string: control characters, and for the console whatever is not ASCII, as \uXXXX (above U+FFFF in two halves).
json_escape_rare <- function(x) {
  codes <- utf8ToInt(x)
  pieces <- strsplit(x, "", fixed = FALSE)[[1L]]
  rare <- codes < 32L | codes == 127L
  if (state$channel != "events") rare <- rare | codes > 127L
  wide <- rare & codes > 65535L
  above <- codes[wide] - 65536L
  pieces[rare] <- sprintf("\\u%04x", codes[rare])
  pieces[wide] <- sprintf("\\u%04x\\u%04x", 55296L + above %/% 1024L, 56320L + above %% 1024L)
  paste(pieces, collapse = "")
}

# Any R value of lists and atomic vectors, for metadata and JSON that users hand over.
to_json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    items <- vapply(x, to_json, "", USE.NAMES = FALSE)
    if (is.null(names(x))) return(json_array(items))
    return(json_object(with_names(items, names(x))))
  }
  items <- if (is.character(x)) json_string(x)
    else if (is.logical(x)) ifelse(x, "true", "false")
    else ifelse(is.finite(x), format(x, digits = 15L, trim = TRUE, scientific = FALSE), NA)
  items[is.na(x) | is.na(items)] <- "null"
  if (!is.null(names(x))) return(json_object(with_names(items, names(x))))
  if (length(x) == 1L) items else json_array(items)
}

with_names <- function(x, names) {
  names(x) <- names
  x
}

# The bytes as base64 without line ends. jsonlite is faster, yet loading it for one small image is not.
base64 <- function(bytes) {
  is_worth_it <- isNamespaceLoaded("jsonlite") || length(bytes) > 500000L
  if (is_worth_it && requireNamespace("jsonlite", quietly = TRUE)) {
    return(gsub("\n", "", jsonlite::base64_enc(bytes), fixed = TRUE))
  }
  count <- length(bytes)
  if (count == 0L) return("")
  padding <- -count %% 3L
  triples <- as.integer(c(bytes, raw(padding)))
  dim(triples) <- c(3L, length(triples) %/% 3L)
  first <- triples[1L, ]
  second <- triples[2L, ]
  third <- triples[3L, ]
  sextets <- rbind(
    first %/% 4L, first %% 4L * 16L + second %/% 16L, second %% 16L * 4L + third %/% 64L, third %% 64L
  )
  letters64 <- charToRaw("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  text <- letters64[sextets + 1L]
  if (padding > 0L) text[length(text) - seq_len(padding) + 1L] <- as.raw(61L)
  rawToChar(text)
}
