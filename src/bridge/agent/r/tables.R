# Data frames and matrices as tables: caption, names, types, head and tail of what is long.

# c(html, markdown, latex), or NULL for what has neither rows nor columns.
table_forms <- function(x, caption = NULL) {
  if (nrow(x) == 0L && ncol(x) == 0L) return(NULL)
  is_frame <- is.data.frame(x)
  rows <- shown_rows(x)
  columns <- shown_columns(x)
  cells <- vapply(columns, function(column) {
    if (is.na(column)) ifelse(is.na(rows), "\u22f1", "\u22ef")
    # x[[column]] also for frames of other classes: their `[` may do anything.
    else cell_text(if (is_frame) x[[column]] else x[, column], rows)
  }, character(length(rows)))
  dim(cells) <- c(length(rows), length(columns))
  parts <- list(
    caption = if (is.null(caption)) table_caption(x, is_frame) else caption,
    names = ifelse(is.na(columns), "\u22ef", column_labels(x, columns)),
    has_names = !is.null(colnames(x)) && length(columns) > 0L,
    types = if (is_frame && length(columns) > 0L) vapply(columns, function(column) {
      if (is.na(column)) "\u22ef" else paste0("<", type_name(x[[column]]), ">")
    }, ""),
    labels = row_labels(x, rows, is_frame),
    cells = cells
  )
  c(html_table(parts), markdown_table(parts), latex_table(parts))
}

shown_rows <- function(x) shown_indexes(nrow(x), getOption("repr.matrix.max.rows", 60L))

shown_columns <- function(x) shown_indexes(ncol(x), getOption("repr.matrix.max.cols", 20L))

# Which of `total` are shown; NA marks where the middle is left out.
shown_indexes <- function(total, limit) {
  if (total <= limit) return(seq_len(total))
  head <- ceiling(limit / 2)
  c(seq_len(head), NA, seq.int(total - (limit - head) + 1, length.out = limit - head))
}

column_labels <- function(x, columns) {
  names <- colnames(x)
  if (is.null(names)) return(rep("", length(columns)))
  names <- names[columns]
  names[is.na(names)] <- "NA"
  names
}

# Row numbers which R made by itself say nothing.
row_labels <- function(x, rows, is_frame) {
  if (is_frame && .row_names_info(x) <= 0L) return(NULL)
  names <- rownames(x)
  if (!is.null(names)) ifelse(is.na(rows), "\u22ee", names[rows])
}

size_text <- function(x) paste(dim(x), collapse = " \u00d7 ")

table_caption <- function(x, is_frame) {
  if (!is_frame) {
    return(paste0("A matrix: ", size_text(x), if (!is.list(x)) paste0(" of type ", type_name(x, is_column = FALSE))))
  }
  kind <- class(x)[1L]
  paste0("A ", if (kind == "tbl_df") "tibble" else kind, ": ", size_text(x))
}

type_name <- function(x, is_column = TRUE) {
  if (is.object(x)) {
    known <- c(factor = "fct", ordered = "ord", Date = "date", POSIXct = "dttm", difftime = "drtn", integer64 = "int64")
    kind <- class(x)[1L]
    if (kind == "AsIs") return(paste0("I<", type_name(unclass(x)), ">"))
    return(if (kind %in% names(known)) known[[kind]] else kind)
  }
  kind <- switch(typeof(x),
    double = "dbl", integer = "int", character = "chr", logical = "lgl", complex = "cpl", list = "list", typeof(x)
  )
  if (is_column && length(dim(x)) == 2L) paste0(kind, "[,", ncol(x), "]") else kind
}

# The cells of one column as print would have them; only those that are shown are formatted.
cell_text <- function(column, rows) {
  real <- !is.na(rows)
  picked <- if (length(dim(column)) == 2L) column[rows[real], , drop = FALSE] else column[rows[real]]
  text <- if (is.data.frame(picked) || length(dim(picked)) == 2L) nested_cell_text(picked)
    else if (is.list(picked) && !is.object(unclass_as_is(picked))) vapply(picked, list_cell_text, "")
    else if (is.character(picked)) picked
    else if (is.factor(picked)) as.character(picked)
    else format(picked, trim = TRUE, justify = "none")
  text <- as.character(text)
  text[is.na(text)] <- "NA"
  cells <- rep("\u22ee", length(rows))
  cells[real] <- text
  cells
}

unclass_as_is <- function(x) {
  class(x) <- setdiff(class(x), c("AsIs", "list"))
  x
}

# A column that is a matrix or a data frame.
nested_cell_text <- function(picked) {
  parts <- lapply(seq_len(ncol(picked)), function(index) {
    format(if (is.data.frame(picked)) picked[[index]] else picked[, index], trim = TRUE)
  })
  if (length(parts) == 0L) rep("", nrow(picked)) else do.call(paste, c(parts, sep = ", "))
}

list_cell_text <- function(item) {
  if (is.null(item)) return("NULL")
  if (is.atomic(item) && length(item) <= 8L && is.null(dim(item))) {
    return(paste(format(item, trim = TRUE), collapse = ", "))
  }
  size <- if (is.null(dim(item))) length(item) else size_text(item)
  paste0("<", class(item)[1L], ", ", size, ">")
}

html_table <- function(parts) {
  cells <- html_line(parts$cells)
  dim(cells) <- dim(parts$cells)
  labels <- if (!is.null(parts$labels)) paste0("<th scope=row>", html_line(parts$labels), "</th>")
  corner <- if (!is.null(labels)) "<th></th>"
  head <- c(if (parts$has_names) html_head(corner, parts$names), if (!is.null(parts$types)) html_head(corner, parts$types))
  body <- if (ncol(cells) > 0L) paste0("<td>", joined(cells, "</td><td>"), "</td>")
  rows <- if (nrow(cells) > 0L) paste0("\t<tr>", labels, body, "</tr>\n", collapse = "")
  paste0(
    "<table class=\"dataframe\">\n<caption>", html_line(parts$caption), "</caption>\n",
    if (length(head) > 0L) paste0("<thead>\n", paste(head, collapse = ""), "</thead>\n"),
    "<tbody>\n", rows, "</tbody>\n</table>\n"
  )
}

html_head <- function(corner, names) {
  cells <- paste0("<th scope=col>", html_line(names), "</th>", collapse = "")
  paste0("\t<tr>", corner, cells, "</tr>\n")
}

html_line <- function(text) gsub("\n", "<br>", html_escape(text), fixed = TRUE)

# The cells of each row as one text.
joined <- function(cells, separator) {
  do.call(paste, c(lapply(seq_len(ncol(cells)), function(column) cells[, column]), list(sep = separator)))
}

# Markdown knows no table without a head.
markdown_table <- function(parts) {
  heading <- if (is.null(parts$types)) parts$names else paste(parts$names, parts$types)
  heading <- c(if (!is.null(parts$labels)) "", markdown_line(heading))
  heading[heading == ""] <- "<!--/-->"
  cells <- markdown_line(parts$cells)
  dim(cells) <- dim(parts$cells)
  cells <- cbind(if (!is.null(parts$labels)) markdown_line(parts$labels), cells)
  rows <- if (nrow(cells) > 0L) paste0("| ", joined(cells, " | "), " |\n", collapse = "")
  paste0(
    "\n", html_escape(parts$caption), "\n\n| ", paste(heading, collapse = " | "), " |\n|",
    strrep("---|", length(heading)), "\n", rows, "\n"
  )
}

markdown_line <- function(text) gsub("|", "\\|", html_line(text), fixed = TRUE)

latex_table <- function(parts) {
  colspec <- getOption("repr.matrix.latex.colspec")
  spec <- function(name, default) if (is.null(colspec[[name]])) default else colspec[[name]]
  has_labels <- !is.null(parts$labels)
  cells <- latex_escape(parts$cells)
  dim(cells) <- dim(parts$cells)
  cells <- cbind(if (has_labels) latex_escape(parts$labels), cells)
  head <- function(names) {
    paste0(" ", paste(c(if (has_labels) "", latex_escape(names)), collapse = " & "), "\\\\\n")
  }
  rows <- if (nrow(cells) > 0L) paste0("\t", joined(cells, " & "), "\\\\\n", collapse = "")
  paste0(
    latex_escape(parts$caption), "\n\\begin{tabular}{", if (has_labels) spec("row_head", "r|"),
    strrep(spec("col", "l"), ncol(parts$cells)), spec("end", ""), "}\n",
    if (parts$has_names) head(parts$names), if (!is.null(parts$types)) head(parts$types),
    if (parts$has_names) "\\hline\n", rows, "\\end{tabular}\n"
  )
}

# Whether the table leaves something out which printing would not: tibbles and data.tables have limits of their own.
is_cut <- function(x) {
  limit <- getOption("repr.matrix.max.rows", 60L)
  is_long <- nrow(x) > limit || ncol(x) > getOption("repr.matrix.max.cols", 20L)
  if (!is_long) return(FALSE)
  if (!is.data.frame(x)) return(!is.object(x) && is.atomic(x))
  identical(class(x), "data.frame") && !exists("print.data.frame", envir = globalenv(), inherits = FALSE)
}

# Head and tail as print() has them.
cut_text <- function(x) {
  rows <- shown_rows(x)
  columns <- shown_columns(x)
  real_rows <- rows[!is.na(rows)]
  real_columns <- columns[!is.na(columns)]
  part <- x[real_rows, real_columns, drop = FALSE]
  is_frame <- is.data.frame(x)
  # format() gives a data frame's columns one by one; print() does the same with a matrix of numbers.
  text <- if (is_frame) as.matrix(format(part)) else matrix_text(part)
  cells <- matrix("\u22ee", length(rows), length(columns))
  cells[!is.na(rows), !is.na(columns)] <- text
  cells[, is.na(columns)] <- ifelse(is.na(rows), "\u22f1", "\u22ef")
  names <- if (is_frame || !is.null(rownames(x))) rownames(part) else paste0("[", real_rows, ",]")
  labels <- rep("\u22ee", length(rows))
  labels[!is.na(rows)] <- names
  heads <- if (is.null(colnames(x))) paste0("[,", columns, "]") else colnames(x)[columns]
  heads[is.na(columns)] <- "\u22ef"
  dimnames(cells) <- list(labels, heads)
  captured(print.default(cells, quote = FALSE, right = is_frame || !is.character(x)))
}

matrix_text <- function(x) {
  if (is.character(x)) return(ifelse(is.na(x), "NA", encodeString(x, quote = "\"")))
  text <- apply(x, 2L, format)
  dim(text) <- dim(x)
  text
}
