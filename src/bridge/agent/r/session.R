# What the agent changes in the session, and how it changes it back.

# Options in force while a cell runs: the name, and what it is then.
cell_options <- function() {
  list(
    # Functions of their own, so that the parts behind them are loaded when they are used.
    device = function(...) open_plot_device(...),
    pager = function(...) show_pages(...),
    browser = function(url) show_url(url),
    viewer = function(url, ...) show_viewed(url, sys.frames()),
    error = quote(.rserver_kernel$unhandled()),
    jupyter.in_kernel = TRUE,
    jupyter.base_display_func = function(...) send_display(...),
    jupyter.clear_output_func = function(...) clear_output(...)
  )
}

# Options which users may have set themselves, where they have not: notebooks show colours and redraw lines.
default_options <- function() {
  colours <- Sys.getenv("NO_COLOR") == ""
  wanted <- list(crayon.enabled = colours, cli.num_colors = if (colours) 256L else 1L, cli.dynamic = TRUE)
  wanted[vapply(names(wanted), function(name) is.null(getOption(name)), NA)]
}

start_cell <- function(silent, count) {
  state$silent <- silent
  state$count <- count
  state$plots <- list()
  state$queue <- NULL
  state$payload <- NULL
  if (is.null(state$options)) state$options <- c(cell_options(), default_options())
  state$earlier <- options(state$options)
  state$running <- TRUE
  if (state$host_device > 1L && grDevices::dev.cur() == state$host_device) open_plot_device()
}

# Options which the user has set in the cell stay as they are.
end_cell <- function() {
  if (!state$running) return()
  state$running <- FALSE
  close_plots()
  found <- options(state$earlier)
  if (identical(found, state$options)) return()
  for (name in names(found)) if (!identical(found[[name]], state$options[[name]])) options(found[name])
}

# Functions whose own way needs a terminal: list(package, name, replacement).
masks <- function() {
  c(
    list(
      list("base", "quit", quit_cell),
      list("base", "q", quit_cell),
      list("base", "browser", no_browser),
      list("utils", "View", show_table)
    ),
    if (is.null(getOption("rserver.input"))) input_masks()
  )
}

quit_cell <- function(save = "default", status = 0, runLast = TRUE) {
  if (state$running) on_quit(status)
  original("quit")(save, status, runLast)
}

no_browser <- function(text = "", condition = NULL, expr = TRUE, skipCalls = 0L) {
  if (isTRUE(as.logical(expr))) {
    message("browser() needs an interactive console: the code goes on.")
  }
  invisible()
}

show_table <- function(x, title) {
  if (!state$running) return(original("View")(x, title))
  table <- if (is.data.frame(x) || is.matrix(x)) x else as.data.frame(x)
  send_bundle("display", value_bundle(table))
  invisible()
}

original <- function(name) state$originals[[name]]

# In the namespace and, where the package keeps copies for the search path, there too.
replace_function <- function(package, name, replacement) {
  places <- list(asNamespace(package))
  attached <- paste0("package:", package)
  if (package != "base" && attached %in% search()) places <- c(places, list(as.environment(attached)))
  for (place in places) {
    locked <- bindingIsLocked(name, place)
    if (locked) unlockBinding(name, place)
    assign(name, replacement, envir = place)
    if (locked) lockBinding(name, place)
  }
}

put_masks_on <- function() {
  state$originals <- list()
  for (mask in masks()) {
    state$originals[[mask[[2L]]]] <- get(mask[[2L]], envir = asNamespace(mask[[1L]]))
    replace_function(mask[[1L]], mask[[2L]], mask[[3L]])
  }
}

# print() of a widget shows nothing where R is not interactive. Its method is in base's table, whoever loads the package.
widget_hook <- function(...) registerS3method("print", "htmlwidget", print_widget, envir = baseenv())

print_widget <- function(x, ..., view = interactive()) {
  if (!state$running) return(getNamespace("htmlwidgets")$print.htmlwidget(x, ..., view = view))
  if (!state$silent) send_bundle("display", value_bundle(x))
  invisible(x)
}

show_widgets <- function() {
  setHook(packageEvent("htmlwidgets", "onLoad"), widget_hook)
  if (isNamespaceLoaded("htmlwidgets")) widget_hook()
}

# Undoes what install.R does.
remove_agent <- function() {
  event <- packageEvent("htmlwidgets", "onLoad")
  setHook(event, Filter(function(hook) !identical(hook, widget_hook), getHook(event)), "replace")
  for (mask in masks()) replace_function(mask[[1L]], mask[[2L]], state$originals[[mask[[2L]]]])
  detach("tools:rserver_kernel", character.only = TRUE)
  invisible()
}
