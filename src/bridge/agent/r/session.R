# What the agent changes in the session, and how it changes it back.

# Options in force while a cell runs: the name, and what it is then.
cell_options <- function() {
  list(
    device = open_plot_device,
    pager = show_pages,
    browser = show_url,
    error = quote(.rserver_kernel$unhandled()),
    jupyter.in_kernel = TRUE,
    jupyter.base_display_func = display,
    jupyter.clear_output_func = clear_output
  )
}

start_cell <- function(silent, count) {
  state$silent <- silent
  state$count <- count
  state$plots <- list()
  state$queue <- NULL
  if (is.null(state$options)) state$options <- cell_options()
  state$earlier <- options(state$options)
  state$running <- TRUE
  if (state$host_device > 1L && grDevices::dev.cur() == state$host_device) open_plot_device()
}

# Options which the user has set in the cell stay as they are.
end_cell <- function() {
  if (!state$running) return()
  state$running <- FALSE
  close_plots()
  for (name in names(state$options)) {
    if (!identical(getOption(name), state$options[[name]])) state$earlier[name] <- NULL
  }
  options(state$earlier)
}

# Functions whose own way needs a terminal: list(package, name, replacement).
masks <- function() {
  list(
    list("base", "quit", quit_cell),
    list("base", "q", quit_cell),
    list("base", "browser", no_browser),
    list("utils", "View", show_table)
  )
}

quit_cell <- function(save = "default", status = 0, runLast = TRUE) {
  if (state$running) on_quit()
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

# Undoes what install.R does.
remove_agent <- function() {
  for (mask in masks()) replace_function(mask[[1L]], mask[[2L]], state$originals[[mask[[2L]]]])
  detach("tools:rserver_kernel", character.only = TRUE)
  invisible()
}
