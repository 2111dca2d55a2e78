# Turns values into what a notebook shows: text as R prints it and, where there is one, richer forms.
# Which forms a value has is in forms.R and custom.R; they are loaded when the first value needs them.

# Shows a visible value: the last one as the cell's result, earlier ones as displays, or printed when they are plain.
show_value <- function(value, is_last) {
  bundle <- rich_bundle(value)
  if (is.null(bundle) && !is_last) return(print_value(value))
  bundle <- with_text(bundle, value)
  # Plots draw instead of printing, and so on: nothing printed is nothing to show.
  if (is.null(bundle)) return()
  if (is_paged(value)) return(page_bundle(bundle))
  if (is_last) hold(bundle_message("result", bundle)) else send_bundle("display", bundle)
}

value_bundle <- function(value) {
  bundle <- with_text(rich_bundle(value), value)
  if (is.null(bundle)) plain_bundle("") else bundle
}

# With the value as text before all else; NULL when there is nothing to see at all.
with_text <- function(bundle, value) {
  if (!"text/plain" %in% names(bundle$data)) {
    text <- if (is.null(bundle)) captured(print_value(value)) else text_beside(value)
    if (is.null(bundle) && !nzchar(text)) return(NULL)
    bundle$data <- c("text/plain" = json_string(text), bundle$data)
  }
  wanted <- getOption("jupyter.display_mimetypes")
  if (!is.null(wanted)) bundle$data <- bundle$data[names(bundle$data) %in% c("text/plain", wanted)]
  bundle
}

# The text of a value that has other forms, too. Front ends show one of those: no colours, no more rows than there.
text_beside <- function(value) {
  if (is_markup(value)) return(markup_text(value))
  if (length(dim(value)) == 2L && is_cut(value)) return(cut_text(value))
  if (!is.object(value) && !is.list(value)) return(captured(print_value(value)))
  plain <- list(crayon.enabled = FALSE, cli.num_colors = 1L)
  earlier <- options(plain)
  on.exit(for (name in names(plain)) if (identical(getOption(name), plain[[name]])) options(earlier[name]))
  captured(print_value(value))
}

# As the console does: objects by their method, looked up from the global environment; the rest by R itself.
print_value <- function(value) {
  state$depth <- sys.nframe()
  if (isS4(value)) return(methods::show(value))
  if (!is.object(value) && !is.function(value)) return(print.default(value))
  here <- environment()
  mask <- new.env(parent = globalenv())
  mask$x <- value
  do.call(delayedAssign, list("printed", quote(print(x)), mask, here))
  printed
}

# What an action prints, without the last line end.
captured <- function(action) {
  connection <- rawConnection(raw(0L), "w")
  outer <- sink.number()
  waiting <- state$queue
  state$queue <- if (is.null(waiting)) character() else waiting
  sink(connection)
  text <- NULL
  on.exit({
    # Failed: what was printed until then belongs to the cell's output.
    rest <- if (is.null(text)) collected(connection, outer)
    cat(rest)
    close(connection)
    queue <- state$queue
    state$queue <- waiting
    if (is.null(waiting)) for (json in queue) send(json)
    else state$queue <- queue
  })
  action
  text <- collected(connection, outer)
  if (endsWith(text, "\n")) substr(text, 1L, nchar(text) - 1L) else text
}

# Takes off our sink, and any that the user's code has left on top of it.
collected <- function(connection, outer) {
  for (level in seq_len(sink.number() - outer)) sink()
  rawToChar(rawConnectionValue(connection))
}

# list(data, metadata) without the plain text, or NULL for what is plain.
rich_bundle <- function(value) {
  if (is.null(value) || identical(getOption("jupyter.rich_display"), FALSE)) return(NULL)
  if (is.object(value)) return(object_bundle(value))
  # By far the commonest value, and no work for the machinery below.
  if (length(value) == 1L && is.null(attributes(value)) && (is.numeric(value) || is.logical(value)) && !is.na(value)) {
    # Needs no escaping.
    text <- paste0("\"", c(paste0("[1] ", format.default(value)), number_text(value)), "\"")
    return(list(
      data = c("text/plain" = text[1L], "text/html" = text[2L], "text/markdown" = text[2L], "text/latex" = text[2L]),
      metadata = NULL
    ))
  }
  forms_bundle(own_forms(value))
}

# Numbers outside tables have 15 digits, as IRkernel's users know them, until options(digits) asks for another number.
number_text <- function(x) {
  digits <- getOption("digits")
  if (!is.double(x) || identical(as.integer(digits), 7L)) return(as.character(x))
  vapply(x, format, "", digits = digits, USE.NAMES = FALSE)
}

# forms: c(html, markdown, latex), or NULL.
forms_bundle <- function(forms) {
  if (is.null(forms)) return(NULL)
  list(data = with_names(json_string(forms), c("text/html", "text/markdown", "text/latex")), metadata = NULL)
}

# A value whose class does not bear looking at is still worth its text.
own_forms <- function(value) {
  if (!is.recursive(value) && !is.object(value)) return(forms_of(value))
  suppressWarnings(tryCatch(forms_of(value), error = function(e) NULL))
}

object_bundle <- function(value) {
  if (inherits(value, "help_files_with_topic")) return(if (length(value) > 0L) help_bundle(value))
  bundle <- custom_bundle(value)
  if (!is.null(bundle)) return(bundle)
  if (is_markup(value)) return(markup_bundle(value))
  forms_bundle(own_forms(value))
}

is_markup <- function(value) {
  is.object(value) && inherits(value, c(
    "htmlwidget", "shiny.tag", "shiny.tag.list", "html", "knitr_kable", "knit_asis", "vegaspec", "vegalite"
  ))
}

# IRkernel's option of the classes that open in the front end's pager. Unset, all is shown in the cell.
is_paged <- function(value) {
  classes <- getOption("jupyter.pager_classes")
  !is.null(classes) && inherits(value, classes)
}

page_bundle <- function(bundle) {
  page <- paste0("{\"source\":\"page\",\"start\":0,\"data\":", json_object(bundle$data), "}")
  state$payload <- c(state$payload, page)
  invisible()
}
