# Help pages, and what else R would show in a pager or a browser.

# The page which `?topic` found: list(html, text), or NULL when it found none.
help_page <- function(found) {
  files <- as.character(found)
  if (length(files) == 0L) return(NULL)
  page <- get(".getHelpFile", envir = asNamespace("utils"))(files[1L])
  package <- basename(dirname(dirname(files[1L])))
  html <- tool_output(function(file) {
    tools::Rd2HTML(page, out = file, package = package, outputEncoding = "UTF-8", no_links = TRUE)
  })
  text <- tool_output(function(file) {
    tools::Rd2txt(
      page, out = file, package = package, outputEncoding = "UTF-8", options = list(underline_titles = FALSE)
    )
  })
  list(html = body_of(html), text = text)
}

help_bundle <- function(found) {
  page <- help_page(found)
  list(data = c("text/plain" = json_string(page$text), "text/html" = json_string(page$html)), metadata = NULL)
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
