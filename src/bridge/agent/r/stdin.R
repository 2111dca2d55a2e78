# Reading from the keyboard in a session that has no way to ask, on a genuine server: it fails at once, in plain words.
# R itself would return nothing, or wait for ever. A runtime that can ask has a hook, and functions of its own for it.

# As masks() in session.R. Outside of cells all is as ever: the server itself may read its requests from there.
input_masks <- function() {
  list(
    list("base", "readline", function(prompt = "") if (state$running) no_input() else original("readline")(prompt)),
    list("utils", "menu", function(choices, graphics = FALSE, title = NULL) {
      if (state$running) no_input() else original("menu")(choices, graphics, title)
    }),
    list("base", "readLines", refusing("readLines", quote(is_input(con)))),
    list("base", "scan", refusing("scan", quote((missing(text) || !missing(file)) && is_input(file, c("stdin", "")))))
  )
}

no_input <- function() {
  stop(
    "Input was asked for, but there is no way to ask over this connection to the server. ",
    "Write the value into the code, or pass it by %inputs.",
    call. = FALSE
  )
}

# The function itself, with a look at its source before all else.
refusing <- function(name, condition) {
  refused <- get(name, envir = baseenv())
  own <- list(is_input = is_input, no_input = no_input, body = body(refused))
  own$condition <- do.call(substitute, list(condition, own))
  body(refused) <- substitute({
    if (condition) no_input()
    body
  }, own)
  refused
}

is_input <- function(con, names = "stdin") {
  if (!state$running) return(FALSE)
  if (is.character(con)) return(length(con) == 1L && con %in% names)
  if (!inherits(con, "connection")) return(FALSE)
  unclass(con)[1L] == 0L || inherits(con, "file") && summary(con)$description == "stdin"
}
