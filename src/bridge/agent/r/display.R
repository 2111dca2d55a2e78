# Turns values into what a notebook shows: text as R prints it and, where there is one, a richer form.

# Shows a visible value: rich ones as a display, the last one as the cell's result, others printed.
show_value <- function(value, is_last) {
  type <- if (is_last) "result" else "display"
  if (inherits(value, "help_files_with_topic") && length(value) > 0L) return(send_bundle(type, help_bundle(value)))
  rich <- rich_data(value)
  if (length(rich) == 0L && !is_last) return(print_value(value))
  text <- captured(print_value(value))
  # Plots draw instead of printing, and so on: nothing printed is nothing to show.
  if (!nzchar(text)) return()
  send_bundle(type, list(data = c("text/plain" = json_string(text), rich), metadata = NULL))
}

value_bundle <- function(value) {
  list(
    data = c("text/plain" = json_string(captured(print_value(value))), rich_data(value)),
    metadata = NULL
  )
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

# Named character vector of JSON values by mime type; empty for what is plain.
rich_data <- function(value) {
  if (!is.object(value)) {
    if (length(dim(value)) != 2L || !is_rich_display()) return(NULL)
    return(html_data(table_html(value)))
  }
  if (!is_rich_display()) return(NULL)
  if (is.data.frame(value)) return(html_data(table_html(value)))
  if (inherits(value, c("htmlwidget", "shiny.tag", "shiny.tag.list"))) return(html_data(widget_html(value)))
  if (inherits(value, "html") && is.character(value)) return(html_data(paste(value, collapse = "\n")))
  if (inherits(value, "knitr_kable")) {
    form <- attr(value, "format")
    text <- paste(value, collapse = "\n")
    if (identical(form, "html")) return(html_data(text))
    if (form %in% c("markdown", "pipe")) return(c("text/markdown" = json_string(text)))
  }
  NULL
}

is_rich_display <- function() !identical(getOption("jupyter.rich_display"), FALSE)

html_data <- function(html) if (is.null(html)) NULL else c("text/html" = json_string(html))

# What IRdisplay calls, and what users without it may: .rserver_kernel$display(list("text/html" = "<b>x</b>")).
display <- function(data, metadata = NULL, id = NULL, update = FALSE) {
  if (state$silent) return(invisible())
  values <- vapply(names(data), function(type) display_value(type, data[[type]]), "")
  extra <- if (!is.null(id)) paste0(",\"display_id\":", json_string(id), if (update) ",\"update\":true")
  send_bundle("display", list(
    data = values,
    metadata = if (length(metadata) > 0L) vapply(metadata, to_json, "")
  ), paste0(extra, ""))
}

display_value <- function(type, value) {
  if (is.raw(value)) return(json_string(base64(value)))
  if (grepl("json$", type)) {
    if (!is.character(value)) return(to_json(value))
    text <- paste(value, collapse = "\n")
    if (requireNamespace("jsonlite", quietly = TRUE) && isTRUE(c(jsonlite::validate(text)))) {
      return(gsub("[\r\n]", " ", text))
    }
  }
  json_string(paste(as.character(value), collapse = "\n"))
}

clear_output <- function(wait = TRUE) {
  send(paste0("{\"type\":\"clear\",\"wait\":", if (wait) "true" else "false", "}"))
}

# A data frame or matrix as the table that IRkernel's users know: caption, names, types, head and tail of what is long.
table_html <- function(x) {
  is_frame <- is.data.frame(x)
  rows <- shown_indexes(nrow(x), getOption("repr.matrix.max.rows", 60L))
  columns <- shown_indexes(ncol(x), getOption("repr.matrix.max.cols", 20L))
  cells <- vapply(columns, function(column) {
    if (is.na(column)) rep(more_columns, length(rows))
    # x[[column]] also for frames of other classes: their `[` may do anything.
    else cell_text(if (is_frame) x[[column]] else x[, column], rows)
  }, character(length(rows)))
  dim(cells) <- c(length(rows), length(columns))
  row_names <- row_name_text(x, rows, is_frame)
  labels <- if (!is.null(row_names)) paste0("<th scope=row>", row_names, "</th>")
  body <- vapply(seq_along(rows), function(row) html_row(labels[row], "<td>", cells[row, ], "</td>"), "")
  paste0(
    "<table class=\"dataframe\">\n<caption>", html_escape(table_caption(x, is_frame)), "</caption>\n",
    table_head(x, columns, is_frame, if (!is.null(labels)) "<th></th>"),
    "<tbody>\n", paste(body, collapse = ""), "</tbody>\n</table>\n"
  )
}

more_columns <- "&#8943;"
more_rows <- "&#8942;"

table_head <- function(x, columns, is_frame, corner) {
  names <- colnames(x)
  if (!is_frame && is.null(names)) return("")
  left_out <- is.na(columns)
  names <- ifelse(left_out, more_columns, html_escape(names[columns]))
  types <- if (is_frame) vapply(columns, function(column) {
    if (is.na(column)) more_columns else paste0("&lt;", html_escape(type_name(x[[column]])), "&gt;")
  }, "")
  paste0(
    "<thead>\n", html_row(corner, "<th scope=col>", names, "</th>"),
    if (is_frame) html_row(corner, "<th scope=col>", types, "</th>"), "</thead>\n"
  )
}

html_row <- function(label, open, cells, close) {
  paste0("\t<tr>", label, if (length(cells) > 0L) paste0(open, cells, close, collapse = ""), "</tr>\n")
}

# Which of `total` are shown; NA marks where the middle is left out.
shown_indexes <- function(total, limit) {
  if (total <= limit) return(seq_len(total))
  head <- ceiling(limit / 2)
  c(seq_len(head), NA, seq.int(total - (limit - head) + 1L, length.out = limit - head))
}

table_caption <- function(x, is_frame) {
  size <- paste(dim(x), collapse = " \u00d7 ")
  if (is_frame) paste0("A ", class(x)[1L], ": ", size) else paste0("A matrix: ", size, " of type ", type_name(x))
}

type_name <- function(x) {
  if (is.object(x)) {
    known <- c(factor = "fct", ordered = "ord", Date = "date", POSIXct = "dttm", difftime = "drtn", integer64 = "int64")
    kind <- class(x)[1L]
    return(if (kind %in% names(known)) known[[kind]] else kind)
  }
  switch(typeof(x),
    double = "dbl", integer = "int", character = "chr", logical = "lgl", complex = "cpl", list = "list", typeof(x)
  )
}

row_name_text <- function(x, rows, is_frame) {
  if (is_frame && .row_names_info(x) <= 0L) {
    if (inherits(x, c("tbl_df", "data.table"))) return(NULL)
    return(ifelse(is.na(rows), more_rows, rows))
  }
  names <- rownames(x)
  if (!is.null(names)) ifelse(is.na(rows), more_rows, html_escape(names[rows]))
}

# The cells of one column as print would have them, HTML-safe; only those that are shown are formatted.
cell_text <- function(column, rows) {
  real <- !is.na(rows)
  picked <- if (length(dim(column)) == 2L) column[rows[real], , drop = FALSE] else column[rows[real]]
  text <- if (is.list(picked) && !is.data.frame(picked)) vapply(picked, list_cell_text, "")
    else if (length(dim(picked)) == 2L) nested_cell_text(picked)
    else if (is.character(picked)) picked
    else if (is.factor(picked)) as.character(picked)
    else format(picked, trim = TRUE, justify = "none")
  text <- as.character(text)
  text[is.na(text)] <- "NA"
  cells <- rep(more_rows, length(rows))
  cells[real] <- html_escape(text)
  cells
}

# A column that is a matrix or a data frame.
nested_cell_text <- function(picked) {
  parts <- lapply(seq_len(ncol(picked)), function(index) format(picked[, index], trim = TRUE))
  do.call(paste, c(parts, sep = ", "))
}

list_cell_text <- function(item) {
  if (is.null(item)) return("NULL")
  if (is.atomic(item) && length(item) <= 8L) return(paste(format(item, trim = TRUE), collapse = ", "))
  size <- if (is.null(dim(item))) length(item) else paste(dim(item), collapse = " \u00d7 ")
  paste0("<", class(item)[1L], ", ", size, ">")
}

html_escape <- function(text) {
  text <- gsub("&", "&amp;", text, fixed = TRUE)
  text <- gsub("<", "&lt;", text, fixed = TRUE)
  text <- gsub(">", "&gt;", text, fixed = TRUE)
  gsub("\n", "<br>", text, fixed = TRUE)
}

# htmltools' tags with all they depend on, in a frame of their own so that no library meets another's.
widget_html <- function(x) {
  if (!requireNamespace("htmltools", quietly = TRUE)) return(NULL)
  tags <- htmltools::as.tags(x)
  rendered <- htmltools::renderTags(tags)
  html <- paste(as.character(rendered$html), collapse = "\n")
  dependencies <- htmltools::resolveDependencies(rendered$dependencies)
  if (length(dependencies) == 0L && !nzchar(rendered$head)) return(html)
  page <- paste0(
    "<!DOCTYPE html><html><head><meta charset=\"utf-8\">",
    paste(vapply(dependencies, dependency_html, ""), collapse = ""),
    paste(as.character(rendered$head), collapse = "\n"), "</head><body>", html, "</body></html>"
  )
  height <- if (is.numeric(x$height)) paste0(x$height + 20, "px") else "520px"
  source <- gsub("\"", "&quot;", gsub("&", "&amp;", page, fixed = TRUE), fixed = TRUE)
  paste0("<iframe srcdoc=\"", source, "\" style=\"width:100%;height:", height, ";border:0\"></iframe>")
}

# One htmlDependency, its scripts and style sheets inlined.
dependency_html <- function(dependency) {
  folder <- dependency$src$file
  if (!is.null(dependency$package)) folder <- system.file(folder, package = dependency$package)
  contents <- function(files) {
    vapply(files, function(file) {
      if (is.list(file)) file <- file$src
      paste(readLines(file.path(folder, file), encoding = "UTF-8", warn = FALSE), collapse = "\n")
    }, "", USE.NAMES = FALSE)
  }
  scripts <- contents(dependency$script)
  styles <- contents(dependency$stylesheet)
  paste0(
    if (length(styles) > 0L) paste0("<style>", styles, "</style>", collapse = ""),
    if (length(scripts) > 0L) {
      paste0("<script>", gsub("</script", "<\\/script", scripts, fixed = TRUE), "</script>", collapse = "")
    },
    paste(dependency$head, collapse = "\n")
  )
}
