# Help pages, and what else R would show in a pager or a browser.

# Pages that were made in this session; making one takes R its time.
pages_limit <- 100L
state$pages <- list()

# The help page of a topic as list(html, text), or NULL. `package` may be NULL: then the search path decides.
cached_page <- function(topic, package) {
  places <- search()
  if (!identical(places, state$pages_search) || length(state$pages) >= pages_limit) {
    state$pages <- list()
    state$pages_search <- places
  }
  key <- paste0(package, "::", topic)
  if (is.null(state$pages[[key]])) {
    found <- do.call(utils::help, list(topic, package = package, help_type = "text"))
    html <- page_html_of(found)
    state$pages[[key]] <- list(page = if (!is.null(html)) list(html = html, text = text_of_html(html)))
  }
  state$pages[[key]]$page
}

page_html_of <- function(found) {
  files <- as.character(found)
  if (length(files) > 0L) html_page(files[1L])
}

html_page <- function(file) {
  page <- get(".getHelpFile", envir = asNamespace("utils"))(file)
  package <- basename(dirname(dirname(file)))
  html <- tool_output(function(file) {
    tools::Rd2HTML(page, out = file, package = package, outputEncoding = "UTF-8", no_links = TRUE)
  })
  body_of(html)
}

# A page as plain text, made of its HTML: in a tenth of the time that R takes for its own.
text_of_html <- function(html) {
  text <- sub("(?s)^.*?<h2[^>]*>", "<h2>", html, perl = TRUE)
  text <- sub("(?s)<hr[^>]*>\\s*<div[^>]*>\\[.*$", "", text, perl = TRUE)
  text <- gsub("<h[2-4][^>]*>", "\n\n", text, perl = TRUE)
  text <- gsub("</h[2-4]>|<p>|</p>|</?pre[^>]*>|</tr>|</?table[^>]*>|</?[ud]l>", "\n", text, perl = TRUE)
  text <- gsub("</td>\\s*<td[^>]*>\\s*", ": ", text, perl = TRUE)
  text <- gsub("<li>", "\n* ", text, fixed = TRUE)
  text <- gsub("<[^>]+>", "", text, perl = TRUE)
  for (entity in names(entities)) text <- gsub(entity, entities[[entity]], text, fixed = TRUE)
  text <- gsub("[ \t]+\n", "\n", text, perl = TRUE)
  sub("^\\s+|\\s+$", "", gsub("\n{3,}", "\n\n", text, perl = TRUE), perl = TRUE)
}

entities <- c(
  "&nbsp;" = " ", "&lsquo;" = "'", "&rsquo;" = "'", "&ldquo;" = "\"", "&rdquo;" = "\"", "&quot;" = "\"",
  "&#8288;" = "", "&ndash;" = "-", "&mdash;" = "--", "&hellip;" = "...", "&lt;" = "<", "&gt;" = ">", "&amp;" = "&"
)

# The page which `?topic` found, as R's own text and HTML.
help_bundle <- function(found) {
  files <- as.character(found)
  html <- html_page(files[1L])
  page <- get(".getHelpFile", envir = asNamespace("utils"))(files[1L])
  package <- basename(dirname(dirname(files[1L])))
  text <- tool_output(function(file) {
    tools::Rd2txt(
      page, out = file, package = package, outputEncoding = "UTF-8", options = list(underline_titles = FALSE)
    )
  })
  list(data = c("text/plain" = json_string(text), "text/html" = json_string(html)), metadata = NULL)
}

tool_output <- function(write) {
  file <- tempfile("rserver_kernel_")
  on.exit(unlink(file))
  write(file)
  paste(readLines(file, encoding = "UTF-8", warn = FALSE), collapse = "\n")
}

body_of <- function(html) {
  html <- sub("^.*<body[^>]*>", "", html)
  sub("</body>.*$", "", html)
}

# options("pager") while a cell runs: page(), data(), library() and the like show their text as a display.
show_pages <- function(files, header = "", title = "", delete.file = FALSE) {
  for (index in seq_along(files)) {
    lines <- gsub("_\b", "", readLines(files[index], warn = FALSE), fixed = TRUE)
    heading <- c(title[nzchar(title)][1L], if (index <= length(header)) header[index])
    heading <- heading[!is.na(heading) & nzchar(heading)]
    if (!state$silent) send_bundle("display", plain_bundle(paste(c(heading, lines), collapse = "\n")))
  }
  if (delete.file) unlink(files)
  invisible()
}

# options("browser") while a cell runs: the browser is on another machine.
show_url <- function(url) {
  cat(url, "\n", sep = "")
  invisible()
}
