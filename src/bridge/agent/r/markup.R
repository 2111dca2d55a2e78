# HTML that brings libraries along: htmltools' tags and htmlwidgets. Also kables, and the charts of Vega packages.

markup_bundle <- function(value) {
  if (inherits(value, "vegaspec")) return(vega_bundle(value))
  if (inherits(value, "knitr_kable")) return(kable_bundle(value))
  if (inherits(value, "knit_asis")) {
    return(list(data = c("text/markdown" = json_string(paste(value, collapse = "\n"))), metadata = NULL))
  }
  if (inherits(value, "html") && is.character(value)) return(html_bundle(paste(value, collapse = "\n")))
  html <- tags_html(value)
  bundle <- html_bundle(html)
  if (!is.null(bundle) && inherits(value, "plotly")) {
    bundle$data <- c(bundle$data, "application/vnd.plotly.v1+json" = plotly_json(value))
  }
  bundle
}

html_bundle <- function(html) {
  if (!is.null(html)) list(data = c("text/html" = json_string(html)), metadata = NULL)
}

# The text beside it. Printing would open a browser on the server.
markup_text <- function(value) {
  if (inherits(value, "htmlwidget")) return(paste0("<HTML widget: ", class(value)[1L], ">"))
  if (inherits(value, "vegaspec")) return("<Vega chart>")
  if (inherits(value, "knitr_kable")) return(captured(print_value(value)))
  paste(as.character(value), collapse = "\n")
}

# options("viewer") while a cell runs. It is given a page of which only the server has the libraries; the call of print()
# that made it has the object itself.
show_viewed <- function(url, frames) {
  for (frame in rev(as.list(frames))) {
    value <- if (exists("x", envir = frame, inherits = FALSE)) get("x", envir = frame, inherits = FALSE)
    if (!is.null(value) && is_markup(value)) {
      if (!state$silent) send_bundle("display", value_bundle(value))
      return(invisible())
    }
  }
  show_url(url)
}

kable_bundle <- function(value) {
  text <- paste(value, collapse = "\n")
  type <- switch(paste0(attr(value, "format"), ""),
    html = "text/html", latex = "text/latex", markdown = "text/markdown", pipe = "text/markdown"
  )
  if (!is.null(type)) list(data = with_names(json_string(text), type), metadata = NULL)
}

vega_bundle <- function(spec) {
  list(data = with_names(value_json(unclass(spec)), vega_type(spec[["$schema"]])), metadata = NULL)
}

# The mime type of a chart by its schema's address, such as https://vega.github.io/schema/vega-lite/v5.json.
vega_type <- function(schema) {
  found <- regmatches(schema, regexec("/vega(-lite)?/v([0-9]+)", schema))
  if (length(found) == 0L || length(found[[1L]]) == 0L) stop("\"$schema\" names no version of Vega or Vega-Lite")
  kind <- if (found[[1L]][2L] == "-lite") "vegalite" else "vega"
  paste0("application/vnd.", kind, ".v", found[[1L]][3L], "+json")
}

plotly_json <- function(value) {
  built <- plotly::plotly_build(value)$x[c("data", "layout", "config")]
  value_json(built)
}

# Tags with all they depend on. Those with libraries get a frame of their own, so that none meets another's.
tags_html <- function(x) {
  if (!requireNamespace("htmltools", quietly = TRUE)) return(NULL)
  rendered <- htmltools::renderTags(htmltools::as.tags(x))
  html <- paste(as.character(rendered$html), collapse = "\n")
  head <- paste(as.character(rendered$head), collapse = "\n")
  dependencies <- htmltools::resolveDependencies(rendered$dependencies)
  if (length(dependencies) == 0L && !nzchar(head)) return(html)
  if (isTRUE(getOption("repr.html.deduplicate"))) shared_frame(dependencies, head, html)
  else frame_html(vapply(dependencies, dependency_html, ""), head, html)
}

frame_html <- function(libraries, head, body) {
  page <- paste0(
    "<!DOCTYPE html><html><head><meta charset=\"utf-8\">", paste(libraries, collapse = ""), head,
    "</head><body>", body, "<script>", fit_script, "</script></body></html>"
  )
  source <- gsub("\"", "&quot;", gsub("&", "&amp;", page, fixed = TRUE), fixed = TRUE)
  paste0("<iframe srcdoc=\"", source, "\" style=\"width:100%;height:440px;border:0\"></iframe>")
}

# The frame becomes as high as what is in it.
fit_script <- paste0(
  "(function(){if(!window.ResizeObserver||!window.frameElement)return;",
  "new ResizeObserver(function(){var e=document.documentElement,h=Math.ceil(document.body.getBoundingClientRect().bottom+12);",
  "if(h>40&&e)window.frameElement.style.height=h+'px'}).observe(document.body)})()"
)

# With options(repr.html.deduplicate = TRUE) each library goes into the page once, with the first output that needs
# it; the frames of later outputs take it from there.
shared_frame <- function(dependencies, head, body) {
  keys <- vapply(dependencies, function(one) paste0(one$name, "-", one$version), "")
  new <- !keys %in% state$shared
  store <- vapply(which(new), function(index) {
    library <- gsub("</", "<\\/", json_string(dependency_html(dependencies[[index]])), fixed = TRUE)
    paste0("s[", json_string(keys[index]), "]=", library, ";")
  }, "")
  state$shared <- c(state$shared, keys[new])
  stored <- if (length(store) > 0L) paste0(
    "<script>(function(){var s=window.rserverKernelLibraries=window.rserverKernelLibraries||{};",
    paste(store, collapse = ""), "})()</script>"
  )
  content <- gsub("</", "<\\/", json_string(paste0(
    head, "</head><body>", body, "<script>", fit_script, "</script></body></html>"
  )), fixed = TRUE)
  paste0(stored, frame_html(NULL, "", paste0(
    "<p>This output waits for the libraries of an earlier one.</p><script>(function(){var k=", json_array(json_string(keys)),
    ",c=", content, ";setTimeout(function wait(){var s=parent.rserverKernelLibraries||{};",
    "if(!k.every(function(n){return n in s}))return setTimeout(wait,100);",
    "var h='';k.forEach(function(n){h+=s[n]});document.open();",
    "document.write('<!DOCTYPE html><html><head><meta charset=\"utf-8\">'+h+c);document.close()},0)})()</script>"
  )))
}

# One htmlDependency: its scripts and style sheets inlined, unless they have an address on the web only.
dependency_html <- function(dependency) {
  folder <- dependency$src$file
  if (is.null(folder)) return(linked_html(dependency))
  if (!is.null(dependency$package)) folder <- system.file(folder, package = dependency$package)
  styles <- vapply(dependency_files(dependency$stylesheet), function(file) {
    paste0("<style>", inline_urls(file_text(folder, file), dirname(file.path(folder, file))), "</style>")
  }, "")
  scripts <- vapply(dependency_files(dependency$script), function(file) {
    paste0("<script>", gsub("</script", "<\\/script", file_text(folder, file), fixed = TRUE), "</script>")
  }, "")
  paste0(c(meta_html(dependency$meta), styles, scripts, dependency$head), collapse = "")
}

linked_html <- function(dependency) {
  address <- function(file) html_escape(paste0(dependency$src$href, "/", file))
  styles <- vapply(dependency_files(dependency$stylesheet), function(file) {
    paste0("<link rel=\"stylesheet\" href=\"", address(file), "\">")
  }, "")
  scripts <- vapply(dependency_files(dependency$script), function(file) {
    paste0("<script src=\"", address(file), "\"></script>")
  }, "")
  paste0(c(meta_html(dependency$meta), styles, scripts, dependency$head), collapse = "")
}

# Names, or lists with one as `src`.
dependency_files <- function(files) {
  if (is.list(files) && !is.null(files$src)) files <- list(files)
  vapply(files, function(file) if (is.list(file)) file$src else file, "", USE.NAMES = FALSE)
}

meta_html <- function(meta) {
  if (length(meta) == 0L) return(NULL)
  paste0("<meta name=\"", names(meta), "\" content=\"", html_escape(unlist(meta)), "\">", collapse = "")
}

file_text <- function(folder, file) {
  paste(readLines(file.path(folder, file), encoding = "UTF-8", warn = FALSE), collapse = "\n")
}

# Fonts and images that a style sheet names, as data.
inline_urls <- function(css, folder) {
  pattern <- "url\\(['\"]?(?!data:|https?:|//|#)[^)'\"]+['\"]?\\)"
  found <- gregexpr(pattern, css, perl = TRUE)
  urls <- unique(regmatches(css, found)[[1L]])
  for (url in urls) {
    name <- sub("[?#].*$", "", sub("^url\\(['\"]?", "", sub("['\"]?\\)$", "", url)))
    file <- file.path(folder, name)
    type <- file_types[[match(tolower(sub("^.*\\.", "", name)), names(file_types), nomatch = 1L)]]
    if (!file.exists(file)) next
    data <- paste0("url(data:", type, ";base64,", base64(readBin(file, "raw", file.size(file))), ")")
    css <- gsub(url, data, css, fixed = TRUE)
  }
  css
}

file_types <- c(
  other = "application/octet-stream", png = "image/png", gif = "image/gif", jpg = "image/jpeg", jpeg = "image/jpeg",
  svg = "image/svg+xml", woff = "font/woff", woff2 = "font/woff2", ttf = "font/ttf", otf = "font/otf"
)
