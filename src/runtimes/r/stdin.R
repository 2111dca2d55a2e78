# Standard input of a session: R's functions that read from the keyboard ask the person at the other end.
# interactive() stays FALSE, as in every notebook kernel of R; where R's own functions would refuse or return at once
# because of that, they are replaced.

INPUT_LINE <- 1L
INPUT_END <- 2L
INPUT_UNAVAILABLE <- 3L
INPUT_INTERRUPTED <- 4L

input <- new.env(parent = emptyenv())
input$number <- 0L
input$rest <- character()

prepare_input <- function() {
  input$pid <- Sys.getpid()
  options(rserver.input = ask, askpass = ask_password)
  replace_base("readline", read_line)
  replace_in("utils", "menu", choose_item)
  pretend_interactive("utils", "select.list")
  asks_first("base", "readLines", quote(con), quote(is_input(con)), quote(ask_lines(n)))
  asks_first("utils", "read.table", quote(file), quote(!missing(file) && is_input(file)), quote(ask_lines(-1L)))
  asks_first("base", "scan", quote(file),
    quote((missing(text) || !missing(file)) && (identical(file, "") || is_input(file))),
    quote(ask_items(
      function(lines) scan(
        text = lines, what = what, sep = sep, quote = quote, dec = dec, skip = skip, na.strings = na.strings,
        flush = flush, fill = fill, strip.white = strip.white, quiet = TRUE, blank.lines.skip = blank.lines.skip,
        multi.line = multi.line, comment.char = comment.char, allowEscapes = allowEscapes
      ),
      if (missing(n)) nmax * max(length(what), 1L) else n,
      nlines
    ))
  )
  when_loaded("getPass", function() replace_in("getPass", "getPass", get_pass))
}

# The answer to one question, NULL at the end of input. Also the input hook: getOption("rserver.input").
ask <- function(prompt = "", password = FALSE) {
  # Not is_forked(): the copies that serve web services speak for themselves, but nobody answers them.
  if (Sys.getpid() != input$pid) stop("Input was asked for in a forked process, which has nobody to ask.", call. = FALSE)
  reply <- suspendInterrupts(exchange_question(prompt, password))
  switch(reply$kind, reply$text, NULL, stop(reply$text, call. = FALSE), break_off())
}

exchange_question <- function(prompt, password) {
  input$number <- input$number + 1L
  write_marker("d")
  write_frame(FRAME_INPUT, enc2utf8(prompt), writeBin(c(input$number, as.integer(password)), raw(), endian = "little"))
  repeat {
    reply <- read_frame(channels$input)
    if (is.null(reply)) end_process("no") # the server is gone
    if (identical(readBin(reply$bytes, "integer", endian = "little"), input$number)) return(reply)
  }
}

# The server has sent a signal as well, which strikes at the next look for it.
break_off <- function() {
  allowInterrupts(Sys.sleep(0))
  signalCondition(structure(class = c("interrupt", "condition"), list(message = "", call = NULL)))
  invokeRestart("abort")
}

# One line. An answer of several lines, as pasted, is kept for whoever reads next.
ask_line <- function(prompt = "") {
  if (length(input$rest) == 0L) {
    answer <- ask(prompt)
    if (is.null(answer)) return(NULL)
    input$rest <- if (nzchar(answer)) strsplit(answer, "\n", fixed = TRUE)[[1L]] else ""
  }
  line <- input$rest[1L]
  input$rest <- input$rest[-1L]
  line
}

# `count` lines; a negative number reads to the end, which is also an empty line: notebooks have no key for it.
ask_lines <- function(count) {
  lines <- character()
  while (count < 0L || length(lines) < count) {
    line <- ask_line()
    if (is.null(line) || count < 0L && line == "") break
    lines <- c(lines, line)
  }
  lines
}

# Lines for scan(), until there are enough items or lines, or an empty line comes. `read` is scan() itself, to count with.
ask_items <- function(read, count, line_count) {
  lines <- character()
  found <- 0L
  while ((count <= 0L || found < count) && (line_count <= 0L || length(lines) < line_count)) {
    line <- ask_line(paste0(found + 1L, ": "))
    if (is.null(line) || !grepl("[^ \t]", line)) break
    lines <- c(lines, line)
    # What cannot be read is told by the real scan() at the end.
    found <- tryCatch(suppressWarnings(length(unlist(read(lines)))), error = function(e) NA)
    if (is.na(found)) break
  }
  lines
}

read_line <- function(prompt = "") {
  if (!is.character(prompt) || length(prompt) == 0L) stop("invalid 'prompt' argument")
  answer <- ask(prompt[1L])
  if (is.null(answer)) "" else gsub("^[ \t]+|[ \t]+$", "", answer)
}

choose_item <- function(choices, graphics = FALSE, title = NULL) {
  choices <- as.character(choices)
  count <- length(choices)
  if (length(title) > 0L && nzchar(title[1L])) cat(title[1L], "\n")
  cat("", menu_lines(paste0(format(seq_len(count)), ": ", choices)), "", sep = "\n")
  repeat {
    answer <- ask_line(gettext("Selection: ", domain = "R-utils"))
    if (is.null(answer)) return(0L)
    answer <- gsub("^[ \t]+|[ \t]+$", "", answer)
    number <- if (grepl("^[0-9]+$", answer)) as.numeric(answer) else match(answer, choices)
    if (!is.na(number) && number <= count) return(as.integer(number))
    cat(gettext("Enter an item from the menu, or 0 to exit\n", domain = "R-utils"))
  }
}

# More than ten items stand in columns, as many as fit.
menu_lines <- function(items) {
  if (length(items) <= 10L) return(items)
  items <- format(items)
  columns <- max(1L, getOption("width") %/% (nchar(items[1L], "width") + 2L))
  rows <- split(items, (seq_along(items) - 1L) %/% columns)
  vapply(rows, paste, "", collapse = "  ", USE.NAMES = FALSE)
}

ask_password <- function(prompt = "Please enter your password: ") ask(prompt, password = TRUE)

get_pass <- function(msg = "PASSWORD: ", noblank = FALSE, forcemask = FALSE) {
  repeat {
    answer <- ask(msg, password = TRUE)
    if (is.null(answer) || !noblank || nzchar(answer)) return(answer)
    message("The password must not be blank.")
  }
}

is_input <- function(con) {
  if (is.character(con)) return(identical(con, "stdin"))
  if (!inherits(con, "connection")) return(FALSE)
  unclass(con)[1L] == 0L || inherits(con, "file") && summary(con)$description == "stdin"
}

# Lets a function that reads from a connection ask first, and read from the answers. The rest of it stays R's own, so
# that its conditions have the calls they always had.
asks_first <- function(package, name, parameter, condition, lines) {
  original <- get(name, envir = asNamespace(package))
  own <- list(
    is_input = is_input, ask_lines = ask_lines, ask_items = ask_items, connection_of = connection_of,
    parameter = parameter, body = body(original)
  )
  own$condition <- do.call(substitute, list(condition, own))
  own$lines <- do.call(substitute, list(lines, own))
  body(original) <- substitute(
    {
      if (condition) {
        parameter <- connection_of(lines)
        on.exit(close(parameter))
      }
      body
    },
    own
  )
  replace_in(package, name, original)
}

connection_of <- function(lines) textConnection(lines)

# The same function in a place where interactive() is TRUE.
pretend_interactive <- function(package, name) {
  original <- get(name, envir = asNamespace(package))
  environment(original) <- new.env(parent = asNamespace(package))
  assign("interactive", function() TRUE, envir = environment(original))
  replace_in(package, name, original)
}

# In the namespace, and in the copy of it on the search path.
replace_in <- function(package, name, value) {
  if (package == "base") return(replace_base(name, value))
  attached <- paste0("package:", package)
  places <- c(asNamespace(package), if (attached %in% search()) as.environment(attached))
  for (place in places) {
    unlockBinding(name, place)
    assign(name, value, envir = place)
    lockBinding(name, place)
  }
}

when_loaded <- function(package, action) {
  if (isNamespaceLoaded(package)) action()
  else setHook(packageEvent(package, "onLoad"), function(...) action())
}
