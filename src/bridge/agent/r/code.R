# Answers about code that is not run: completion, inspection, whether it is complete. Positions are code points.

# Sends complete_reply's fields. Completion comes from utils' own machinery, which knows arguments, members, packages.
complete <- function(code, cursor) {
  before <- substr(code, 1L, cursor)
  context <- scan_code(before)
  found <- NULL
  if (!context$in_comment) {
    found <- tryCatch(complete_line(context$line, context$call), error = function(e) NULL)
  }
  if (is.null(found)) found <- list(matches = character(), start = nchar(context$line))
  send_reply(
    matches = json_array(json_string(found$matches)),
    cursor_start = nchar(before) - nchar(context$line) + found$start,
    cursor_end = nchar(before),
    metadata = "{}"
  )
}

# `line` ends at the cursor. Gives the matches and how many characters before them stay.
complete_line <- function(line, call) {
  utils <- asNamespace("utils")
  completion <- utils$.CompletionEnv
  utils$.assignLinebuffer(line)
  utils$.assignEnd(nchar(line))
  guess <- utils$.guessTokenFromLine(update = FALSE)
  utils$.guessTokenFromLine()
  start <- guess$start
  token <- guess$token
  if (call %in% c("library", "require", "requireNamespace", "loadNamespace")) {
    names <- unique(list.files(.libPaths()))
    matches <- sort(names[startsWith(names, token)])
    return(list(matches = matches, start = start))
  }
  utils$.completeToken()
  matches <- utils$.retrieveCompletions()
  quoted <- isTRUE(utils$.CompletionEnv$fileName) || substr(line, start, start) %in% c("\"", "'")
  matches <- matches[nzchar(matches)]
  if (!quoted) matches <- tidy_matches(matches)
  # Arguments come first and members in their own order; names of all else in no order.
  other <- !grepl(" = $|[$@]", matches)
  if (!quoted) matches <- c(matches[!other], sort(matches[other]))
  list(matches = utils::head(matches, 1000L), start = start)
}

# Arguments as people write them (`n = `), names that are none in backticks.
tidy_matches <- function(matches) {
  argument <- grepl("= ?$", matches)
  prefix <- regmatches(matches, regexpr("^(.*(\\$|@|:::?))?", matches))
  name <- substring(matches, nchar(prefix) + 1L)
  odd <- !argument & nzchar(name) & !grepl("^([[:alpha:]]|[.]([^0-9]|$))[[:alnum:]._]*$|^`|^\\.$", name)
  name[odd] <- paste0("`", gsub("`", "\\`", name[odd], fixed = TRUE), "`")
  name[argument] <- sub(" ?= ?$", " = ", name[argument])
  paste0(prefix, name)
}

# Where the end of `code` is: in a comment, in a string, in which call, inside how many brackets.
# `line` is the text from the line in which the outermost open bracket stands (or the last line), on one line:
# comments blanked out, line ends as blanks, so that positions from the end hold.
scan_code <- function(code) {
  found <- scan_characters(strsplit(code, "")[[1L]])
  chars <- found$chars
  opened <- found$opened
  depth <- length(opened)
  # Braces hold statements, not arguments: only what is open inside the last one counts.
  braces <- which(chars[opened] == "{")
  if (length(braces) > 0L) opened <- opened[-seq_len(braces[length(braces)])]
  breaks <- which(chars == "\n")
  start <- max(0L, breaks[breaks < c(opened, length(chars) + 1L)[1L]]) + 1L
  chars[breaks] <- " "
  line <- paste(chars[seq.int(start, length.out = length(chars) - start + 1L)], collapse = "")
  inner <- opened[length(opened)]
  is_call <- length(inner) > 0L && chars[inner] == "("
  list(
    line = line, depth = depth, in_comment = found$in_comment, in_string = found$in_string,
    call = if (is_call) name_at_end(paste(chars[seq_len(inner - 1L)], collapse = "")) else ""
  )
}

# The characters without comments, and the positions of the brackets that are open at the end.
scan_characters <- function(chars) {
  opened <- integer()
  quote <- ""
  in_comment <- FALSE
  is_escaped <- FALSE
  for (index in seq_along(chars)) {
    char <- chars[index]
    if (is_escaped) {
      is_escaped <- FALSE
    } else if (in_comment) {
      if (char == "\n") in_comment <- FALSE else chars[index] <- " "
    } else if (quote != "") {
      if (char == "\\" && quote != "`") is_escaped <- TRUE
      else if (char == quote) quote <- ""
    } else if (char == "#") {
      in_comment <- TRUE
      chars[index] <- " "
    } else if (char %in% c("\"", "'", "`")) {
      quote <- char
    } else if (char %in% c("(", "[", "{")) {
      opened <- c(opened, index)
    } else if (char %in% c(")", "]", "}") && length(opened) > 0L) {
      opened <- opened[-length(opened)]
    }
  }
  list(chars = chars, opened = opened, in_comment = in_comment, in_string = quote != "")
}

name_at_end <- function(text) {
  found <- regmatches(text, regexpr("((`[^`]+`|[[:alnum:]._]+)(:::?|[$@]))*(`[^`]+`|[[:alnum:]._]+)\\s*$", text))
  if (length(found) == 0L) "" else trimws(found)
}

# Sends inspect_reply's fields for the name around the cursor, or for the call it is in.
inspect <- function(code, cursor, detail = 0L) {
  before <- substr(code, 1L, cursor)
  after <- substring(code, cursor + 1L)
  rest <- regmatches(after, regexpr("^[[:alnum:]._]+", after))
  name <- name_at_end(paste0(sub("\\s+$", " ", before), rest))
  if (grepl("[[:space:]]$", before) && length(rest) == 0L) name <- ""
  if (name == "") name <- scan_code(before)$call
  bundle <- if (name != "") tryCatch(inspect_name(name, detail), error = function(e) NULL)
  if (is.null(bundle)) {
    send_reply(found = "false", data = "{}", metadata = "{}")
  } else {
    send_reply(found = "true", data = json_object(bundle$data), metadata = "{}")
  }
}

inspect_name <- function(name, detail) {
  path <- parse(text = name, keep.source = FALSE)[[1L]]
  if (!is_path(path)) return(NULL)
  found <- tryCatch(list(eval(path, globalenv())), error = function(e) NULL)
  topic <- find_topic(path)
  page <- if (length(topic) > 0L) help_bundle(topic)
  if (is.null(found)) return(page)
  value <- found[[1L]]
  text <- if (is.function(value)) function_text(name, value, with_source = is.null(page) || detail > 0L)
    else value_text(value, detail)
  list(data = c(plain_bundle(paste0(text, "\n"))$data, page$data["text/html"]), metadata = NULL)
}

# Only names, members and package members: nothing that could run code of its own.
is_path <- function(x) {
  if (is.name(x)) return(TRUE)
  is.call(x) && length(x) == 3L && any(vapply(c("$", "@", "::", ":::"), is_call_to, NA, call = x)) &&
    is_path(x[[2L]]) && (is.name(x[[3L]]) || is.character(x[[3L]]))
}

# The help topic of a function or data set of a package; a user's own object of that name has none.
find_topic <- function(path) {
  package <- NULL
  topic <- path
  if (is.call(path)) {
    if (!is_call_to(path, "::") && !is_call_to(path, ":::")) return(NULL)
    package <- as.character(path[[2L]])
    topic <- path[[3L]]
  } else if (exists(as.character(topic), envir = globalenv(), inherits = FALSE)) {
    return(NULL)
  }
  do.call(utils::help, list(as.character(topic), package = package, help_type = "text"))
}

function_text <- function(name, value, with_source) {
  usage <- paste0(name, sub("^function ", "", signature_text(value)))
  if (with_source && !is.primitive(value)) paste0(usage, "\n\n", captured(print(value))) else usage
}

# `function (x, ...)`, as R writes it; of some primitives R knows no arguments.
signature_text <- function(value) {
  text <- deparse(args(value), width.cutoff = 80L)
  paste(sub("\\s+$", "", text[-length(text)]), collapse = "\n")
}

value_text <- function(value, detail) {
  kind <- paste0("Class: ", paste(class(value), collapse = ", "))
  size <- if (is.null(dim(value))) paste0("Length: ", length(value))
    else paste0("Dimensions: ", paste(dim(value), collapse = " \u00d7 "))
  structure <- captured(utils::str(value, max.level = 2L + detail, list.len = 30L, vec.len = 4))
  paste(c(kind, size, structure), collapse = "\n")
}

# Sends is_complete_reply's fields.
is_complete <- function(code) {
  problem <- tryCatch(
    {
      parse(text = strsplit(code, "\n", fixed = TRUE)[[1L]], keep.source = FALSE, encoding = "UTF-8")
      NULL
    },
    error = conditionMessage
  )
  if (is.null(problem)) return(send_reply(status = "\"complete\""))
  # R translates the one; the other is the name of a token.
  open <- c(gettext("unexpected end of input", domain = "R"), "INCOMPLETE_STRING", "malformed raw string")
  is_open <- any(vapply(open, grepl, NA, x = problem, fixed = TRUE))
  if (!is_open) return(send_reply(status = "\"invalid\""))
  send_reply(status = "\"incomplete\"", indent = json_string(next_indent(code)))
}

# As the line before, two blanks more where that opened a bracket or leaves an operator waiting; none inside a string.
next_indent <- function(code) {
  context <- scan_code(code)
  if (context$in_string) return("")
  lines <- strsplit(sub("\\s+$", "", code), "\n", fixed = TRUE)[[1L]]
  last <- lines[length(lines)]
  before <- scan_code(paste(lines[-length(lines)], collapse = "\n"))
  blanks <- sub("^(\\s*).*$", "\\1", last)
  if (context$depth > before$depth || context$depth == 0L) paste0(blanks, "  ") else blanks
}
