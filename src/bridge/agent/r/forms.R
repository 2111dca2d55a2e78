# The forms of R's own kinds of values: c(html, markdown, latex) each, or NULL for what is text only.
# Names, limits and looks are those which IRkernel's users know.

forms_of <- function(x, depth = 0L) {
  if (is.data.frame(x)) return(table_forms(x))
  if (is.factor(x)) return(factor_forms(x))
  # Also a summary of dates, which R prints in quotes; print() alone knows where it keeps the number of missing ones.
  if (inherits(x, "Date") && is.null(dim(x)) && is.null(attr(x, "NAs"))) return(vector_forms(plain_dates(x)))
  if (inherits(x, "table")) return(contingency_forms(x))
  if (is.ts(x)) return(time_series_forms(x))
  if (is.object(x)) return(NULL)
  if (is.function(x)) return(function_forms(x))
  if (!is.atomic(x) && !is.list(x) || is.raw(x) || is.null(x)) return(NULL)
  if (length(dim(x)) == 2L) return(table_forms(x))
  if (length(dim(x)) > 2L) return(array_forms(x))
  if (is.list(x)) list_forms(x, depth) else vector_forms(x)
}

vector_forms <- function(x) {
  count <- length(x)
  if (count == 0L) return(NULL)
  rows <- shown_indexes(count, getOption("repr.vector.max.items", 400L))
  real <- !is.na(rows)
  items <- matrix("\u22ef", length(rows), 3L)
  items[real, ] <- item_forms(x[rows[real]])
  names <- if (is.null(dim(x))) names(x) else dimnames(x)[[1L]]
  if (is.null(names)) return(if (count == 1L) items[1L, ] else item_list(items, is_inline = TRUE))
  labels <- rep("\u22ef", length(rows))
  labels[real] <- ifelse(is.na(names) | names == "", seq_along(names), names)[rows[real]]
  if (count > 1L) return(named_list(escaped(labels), items, is_inline = TRUE))
  label <- escaped(labels)[1L, ]
  paste0(c("<strong>", "**", "\\textbf{"), label, c(":</strong> ", ":** ", ":} "), items[1L, ])
}

plain_dates <- function(x) {
  if (inherits(x, "summaryDefault")) class(x) <- "Date"
  x
}

# A row of three forms for each item of an atomic vector.
item_forms <- function(x) {
  is_missing <- is.na(x)
  if (is.double(x) && !is.object(x)) is_missing <- is_missing & !is.nan(x)
  text <- if (is.character(x) && isTRUE(getOption("repr.vector.quote", TRUE))) encodeString(x, quote = "'")
    else if (is.object(x)) format(x)
    else number_text(x)
  text[is_missing] <- "<NA>"
  forms <- escaped(text)
  if (inherits(x, "Date")) {
    forms[!is_missing, 1L] <- paste0("<time datetime=\"", text[!is_missing], "\">", text[!is_missing], "</time>")
  }
  forms
}

# The text as HTML, Markdown and LaTeX, a row of three for each.
escaped <- function(text) {
  text <- as.character(text)
  html <- html_escape(text)
  matrix(c(html, html, latex_escape(text)), length(text), 3L)
}

html_escape <- function(text) {
  text <- gsub("&", "&amp;", text, fixed = TRUE)
  text <- gsub("<", "&lt;", text, fixed = TRUE)
  gsub(">", "&gt;", text, fixed = TRUE)
}

# A backslash first becomes a letter that no text holds: its own replacement has braces.
latex_escape <- function(text) {
  if (!any(grepl("[\\\\{}#$%&_^~<>|\n]", text))) return(text)
  text <- gsub("\\", "\001", text, fixed = TRUE)
  text <- gsub("([{}#$%&_])", "\\\\\\1", text)
  names <- c(
    "\001" = "backslash", "^" = "asciicircum", "~" = "asciitilde", "<" = "less", ">" = "greater", "|" = "bar"
  )
  for (char in names(names)) text <- gsub(char, paste0("\\text", names[[char]], "{}"), text, fixed = TRUE)
  gsub("\n", " ", text, fixed = TRUE)
}

# items: three columns of forms.
item_list <- function(items, is_inline = FALSE) {
  kind <- if (is_inline) "enumerate*" else "enumerate"
  numbers <- paste0(seq_len(nrow(items)), ". ")
  c(
    if (is_inline) paste0(inline_style, "<ol class=list-inline>", html_items("<li>", items[, 1L], "</li>"), "</ol>\n")
      else paste0("<ol>\n", html_items("\t<li>", items[, 1L], "</li>\n"), "</ol>\n"),
    paste0(paste0(numbers, indented(items[, 2L]), "\n", collapse = ""), "\n\n"),
    latex_list(kind, paste0("\\item ", items[, 3L], "\n"))
  )
}

# labels: three columns, escaped.
named_list <- function(labels, items, is_inline = FALSE) {
  open <- if (is_inline) paste0(inline_named_style, "<dl class=dl-inline>") else "<dl>\n"
  pairs <- if (is_inline) paste0("<dt>", labels[, 1L], "</dt><dd>", items[, 1L], "</dd>")
    else paste0("\t<dt>", labels[, 1L], "</dt>\n\t\t<dd>", items[, 1L], "</dd>\n")
  c(
    paste0(open, paste(pairs, collapse = ""), "</dl>\n"),
    paste0(paste0(labels[, 2L], "\n:   ", indented(items[, 2L]), "\n\n", collapse = ""), "\n"),
    latex_list(
      if (is_inline) "description*" else "description",
      # Brackets inside the label need braces.
      paste0("\\item[", sub("^(.*\\[.*)$", "{\\1}", labels[, 3L]), "] ", items[, 3L], "\n")
    )
  )
}

html_items <- function(open, items, close) paste0(open, items, close, collapse = "")

latex_list <- function(kind, items) {
  paste0("\\begin{", kind, "}\n", paste(items, collapse = ""), "\\end{", kind, "}\n")
}

# Further lines of an item belong to it only when they are indented.
indented <- function(text) gsub("\n", "\n    ", sub("\n+$", "", text), fixed = TRUE)

inline_style <- paste(
  "<style>", ".list-inline {list-style: none; margin: 0; padding: 0}", ".list-inline>li {display: inline-block}",
  ".list-inline>li:not(:last-child)::after {content: \"\\00b7\"; padding: 0 .5ex}", "</style>\n",
  sep = "\n"
)

inline_named_style <- paste(
  "<style>", ".dl-inline {width: auto; margin: 0; padding: 0}",
  ".dl-inline>dt, .dl-inline>dd {float: none; width: auto; display: inline-block}",
  ".dl-inline>dt::after {content: \":\\0020\"; padding-right: .5ex}",
  ".dl-inline>dt:not(:first-of-type) {padding-left: .5ex}", "</style>\n",
  sep = "\n"
)

# A list has forms when all that is shown of it has; a deep or endless one is better as text.
list_forms <- function(x, depth) {
  if (length(x) == 0L || depth > 10L) return(NULL)
  rows <- shown_indexes(length(x), getOption("repr.vector.max.items", 400L))
  items <- matrix("\u22ef", length(rows), 3L)
  for (index in which(!is.na(rows))) {
    forms <- element_forms(x[[rows[index]]], depth + 1L)
    if (is.null(forms)) return(NULL)
    items[index, ] <- forms
  }
  if (sum(nchar(items, type = "bytes")) > 500000) return(NULL)
  if (is.null(names(x))) return(item_list(items))
  names <- names(x)[rows]
  labels <- ifelse(is.na(names) | names == "", paste0("[[", rows, "]]"), paste0("$", names))
  labels[is.na(rows)] <- "\u22ef"
  labels <- escaped(labels)
  if (length(x) > 1L) return(named_list(labels, items))
  paste0(c("<strong>", "**", "\\textbf{"), labels[1L, ], c("</strong> = ", "** = ", "} = "), items[1L, ])
}

# What is empty stands for itself inside a list.
element_forms <- function(x, depth) {
  if (is.null(x)) return(rep("NULL", 3L))
  if (length(x) == 0L && !is.object(x) && (is.atomic(x) || is.list(x))) {
    text <- if (is.list(x)) "list()" else paste0(if (is.double(x)) "numeric" else typeof(x), "(0)")
    return(rep(text, 3L))
  }
  if (is.object(x) && (is_markup(x) || length(custom_methods(x)) > 0L)) return(NULL)
  forms_of(x, depth)
}

factor_forms <- function(x) {
  if (length(dim(x)) > 1L) return(NULL)
  values <- as.character(x)
  earlier <- options(repr.vector.quote = FALSE)
  items <- tryCatch(vector_forms(with_names(values, names(x))), finally = options(earlier))
  levels <- vector_forms(levels(x))
  if (is.null(items)) items <- rep("", 3L)
  if (is.null(levels)) levels <- rep("", 3L)
  c(
    paste0(
      items[1L], "\n<details>\n\t<summary style=display:list-item;cursor:pointer>\n\t\t<strong>Levels</strong>:\n",
      "\t</summary>\n\t", levels[1L], "</details>"
    ),
    paste0(items[2L], "\n**Levels**:\n\n", levels[2L]),
    paste0(items[3L], "\n\\emph{Levels}: ", levels[3L])
  )
}

# Counts: one dimension as names and numbers, two as a table. What summary() makes of the class prints best.
contingency_forms <- function(x) {
  if (!is.numeric(x) || inherits(x, "summaryDefault") || length(dim(x)) > 2L || length(x) == 0L) return(NULL)
  if (length(dim(x)) < 2L) return(vector_forms(with_names(as.vector(x), names(x))))
  table_forms(unclass(x), paste0("A table: ", size_text(x)))
}

# Months and quarters by years, as they print.
time_series_forms <- function(x) {
  caption <- "A Time Series:"
  if (is.matrix(x)) {
    values <- unclass(x)
    if (is.null(rownames(values))) rownames(values) <- format(stats::time(x))
    attr(values, "tsp") <- NULL
  } else if (stats::frequency(x) %in% c(4, 12) && is.numeric(x)) {
    values <- .preformat.ts(x, calendar = TRUE)
    values[] <- trimws(values)
  } else {
    forms <- vector_forms(as.vector(x))
    return(if (!is.null(forms)) paste0(caption, c("<br>", "  \n", "\\\\"), forms))
  }
  table_forms(values, paste(caption, size_text(values)))
}

# Slices of the first two dimensions, one table each.
array_forms <- function(x) {
  if (length(x) == 0L || is.list(x)) return(NULL)
  size <- dim(x)
  slices <- prod(size[-(1:2)])
  labels <- slice_labels(x)
  dimnames <- dimnames(x)[1:2]
  values <- as.vector(x)
  step <- size[1L] * size[2L]
  parts <- lapply(shown_indexes(slices, getOption("repr.matrix.max.cols", 20L)), function(slice) {
    if (is.na(slice)) return(rep("\u22ee", 3L))
    page <- values[(slice - 1L) * step + seq_len(step)]
    table_forms(matrix(page, size[1L], size[2L], dimnames = dimnames), labels[slice])
  })
  do.call(paste0, c(list(paste0("An array: ", size_text(x), c("<br>\n", "\n", "\\\\\n"))), parts))
}

slice_labels <- function(x) {
  size <- dim(x)[-(1:2)]
  names <- dimnames(x)[-(1:2)]
  places <- lapply(seq_along(size), function(index) {
    if (is.null(names[[index]])) return(seq_len(size[index]))
    prefix <- names(names)[index]
    if (is.null(prefix) || prefix == "") names[[index]] else paste(prefix, "=", names[[index]])
  })
  grid <- do.call(expand.grid, c(places, list(stringsAsFactors = FALSE)))
  paste0(", , ", do.call(paste, c(unname(as.list(grid)), list(sep = ", "))))
}

# The code as it was written, where R has kept it.
function_forms <- function(x) {
  code <- if (is.null(attr(x, "srcref"))) deparse(x) else as.character(attr(x, "srcref"))
  text <- paste(code, collapse = "\n")
  fence <- strrep("`", max(3L, longest_run(text, "`") + 1L))
  html <- html_escape(text)
  latex <- paste0("\\begin{minted}{r}\n", text, "\n\\end{minted}")
  if (isTRUE(getOption("repr.function.highlight")) && requireNamespace("highr", quietly = TRUE)) {
    html <- paste(highr::hi_html(code), collapse = "\n")
    latex <- paste0("\\begin{Highlighting}\n", paste(highr::hi_latex(code), collapse = "\n"), "\n\\end{Highlighting}")
  }
  c(paste0("<pre class=language-r><code>", html, "</code></pre>"), paste0(fence, "r\n", text, "\n", fence), latex)
}

longest_run <- function(text, char) max(0L, attr(gregexpr(paste0(char, "+"), text)[[1L]], "match.length"))
