# Plots of a cell as images: a bitmap device of our own, opened by the first plot and closed with the cell.
# One file a page; a page is sent when the next one begins or the cell ends. The user's own devices are not touched.

# What options("device") names while a cell runs. Sizes are inches, as for every device.
open_plot_device <- function(width = NULL, height = NULL, ...) {
  folder <- tempdir()
  if (!dir.exists(folder)) dir.create(folder, recursive = TRUE)
  plot <- new.env(parent = emptyenv())
  plot$pattern <- paste0(gsub("%", "%%", tempfile("rserver_kernel_", folder), fixed = TRUE), "_%03d.png")
  plot$options <- plot_settings()
  plot$settings <- plot$options
  if (!is.null(width)) plot$settings$width <- width
  if (!is.null(height)) plot$settings$height <- height
  plot$sent <- 0L
  plot$pages <- list()
  do.call(grDevices::png, c(list(filename = plot$pattern), plot$settings))
  plot$device <- grDevices::dev.cur()
  plot$formats <- wanted_formats()
  plot$has_png <- "image/png" %in% getOption("jupyter.plot_mimetypes", "image/png") || length(plot$formats) == 0L
  # For the other forms, and for recordPlot() and dev.copy() of the user's.
  grDevices::dev.control(displaylist = "enable")
  state$plots <- c(state$plots, list(plot))
  if (length(state$plots) == 1L) set_page_hooks()
  invisible()
}

# What the options say now.
plot_settings <- function() {
  settings <- list(
    width = getOption("repr.plot.width", 7), height = getOption("repr.plot.height", 7), units = "in",
    res = getOption("repr.plot.res", 120), pointsize = getOption("repr.plot.pointsize", 12),
    bg = getOption("repr.plot.bg", "white")
  )
  if (!has_cairo()) return(settings)
  c(settings, list(
    type = "cairo", antialias = getOption("repr.plot.antialias", "gray"), family = getOption("repr.plot.family", "sans")
  ))
}

has_cairo <- function() {
  if (is.null(state$cairo)) state$cairo <- isTRUE(as.logical(capabilities("cairo")))
  state$cairo
}

# Other forms of a page are drawn anew from R's display list: mime type to (file, settings).
vector_formats <- list(
  "image/svg+xml" = function(file, s) {
    family <- if (is.null(s$family)) "sans" else s$family
    antialias <- if (is.null(s$antialias)) "default" else s$antialias
    grDevices::svg(file, s$width, s$height, pointsize = s$pointsize, bg = s$bg, family = family, antialias = antialias)
  },
  "application/pdf" = function(file, s) {
    # The cairo form knows the characters and fonts which the bitmap has.
    if (is.null(s$family)) return(grDevices::pdf(file, s$width, s$height, pointsize = s$pointsize, bg = s$bg))
    grDevices::cairo_pdf(file, s$width, s$height, pointsize = s$pointsize, bg = s$bg, family = s$family)
  },
  "image/jpeg" = function(file, s) {
    quality <- getOption("repr.plot.quality", 90)
    do.call(grDevices::jpeg, c(list(filename = file, quality = quality), s))
  }
)

# A page is on disk as soon as R has begun the next one.
page_hooks <- function() {
  list(
    before.plot.new = keep_base_page, plot.new = flush_plots,
    before.grid.newpage = keep_grid_page, grid.newpage = flush_plots
  )
}

set_page_hooks <- function() {
  hooks <- page_hooks()
  for (name in names(hooks)) setHook(name, hooks[[name]], "append")
}

remove_page_hooks <- function() {
  hooks <- page_hooks()
  for (name in names(hooks)) {
    ours <- vapply(getHook(name), identical, NA, hooks[[name]])
    setHook(name, getHook(name)[!ours], "replace")
  }
}

# A new page begins: keeps the one that ends, when a form other than the bitmap is wanted, and takes another device when
# the options have changed.
keep_base_page <- function(...) {
  plot <- current_plot()
  if (is.null(plot) || !isTRUE(graphics::par("page"))) return()
  if (length(plot$formats) > 0L) keep_page(plot)
  renew_device(plot, keep_parameters = TRUE)
}

keep_grid_page <- function(...) {
  plot <- current_plot()
  if (is.null(plot)) return()
  if (length(plot$formats) > 0L) keep_page(plot)
  renew_device(plot, keep_parameters = FALSE)
}

renew_device <- function(plot, keep_parameters) {
  if (identical(plot$options, plot_settings()) && identical(plot$formats, wanted_formats())) return()
  parameters <- if (keep_parameters) graphics::par(kept_parameters)
  grDevices::dev.off(plot$device)
  flush_plots()
  open_plot_device()
  if (keep_parameters) graphics::par(parameters)
}

# What people set with par() before plotting.
kept_parameters <- c(
  "mfrow", "mar", "oma", "mgp", "las", "xpd", "fg", "col", "pch", "lty", "lwd", "pty", "tcl", "font", "family", "bty",
  "xaxs", "yaxs", "cex.axis", "cex.lab", "cex.main"
)

wanted_formats <- function() intersect(names(vector_formats), getOption("jupyter.plot_mimetypes"))

keep_page <- function(plot) {
  page <- grDevices::recordPlot()
  if (length(page[[1L]]) > 0L) plot$pages <- c(plot$pages, list(page))
}

current_plot <- function() {
  for (plot in state$plots) if (plot$device == grDevices::dev.cur() && is_open(plot)) return(plot)
  NULL
}

# The user may have closed it and opened another device under its number.
is_open <- function(plot) {
  devices <- get0(".Devices", envir = baseenv())
  plot$device <= length(devices) && identical(attr(devices[[plot$device]], "filepath"), plot$pattern)
}

# Sends the pages which are complete.
flush_plots <- function(...) {
  for (plot in state$plots) {
    repeat {
      file <- sprintf(plot$pattern, plot$sent + 1L)
      bytes <- file.size(file)
      if (is.na(bytes) || bytes == 0) break
      plot$sent <- plot$sent + 1L
      send_page(plot, file, bytes)
      unlink(file)
    }
  }
}

# Closes what is still open and sends the last pages.
finish_plots <- function() {
  if (length(state$plots) == 0L) return()
  for (plot in state$plots) {
    if (!is_open(plot)) next
    if (length(plot$formats) > 0L) with_device(plot$device, keep_page(plot))
    grDevices::dev.off(plot$device)
  }
  flush_plots()
  close_plots()
}

# After a failure of our own, too: no device, no hook and no file stays.
close_plots <- function() {
  if (length(state$plots) == 0L) return()
  for (plot in state$plots) {
    if (is_open(plot)) grDevices::dev.off(plot$device)
    unlink(sprintf(plot$pattern, plot$sent + 1:2))
  }
  state$plots <- list()
  remove_page_hooks()
}

with_device <- function(device, action) {
  earlier <- grDevices::dev.cur()
  grDevices::dev.set(device)
  on.exit(if (earlier > 1L) grDevices::dev.set(earlier))
  action
}

send_page <- function(plot, file, bytes) {
  if (state$silent || is_blank(plot, file, bytes)) return()
  s <- plot$settings
  pixels <- round(c(width = s$width, height = s$height) * s$res)
  scale <- getOption("jupyter.plot_scale", 2)
  data <- c("text/plain" = json_string(paste0("<plot, ", pixels[["width"]], " x ", pixels[["height"]], " pixels>")))
  size <- to_json(as.list(round(pixels / scale)))
  metadata <- NULL
  if (plot$has_png) {
    png <- base64(readBin(file, "raw", bytes))
    data <- c(data, "image/png" = paste0("\"", png, "\""))
    metadata <- c("image/png" = size)
  }
  page <- if (length(plot$pages) >= plot$sent) plot$pages[[plot$sent]]
  if (!is.null(page)) for (type in plot$formats) {
    data <- c(data, with_names(page_in_format(page, type, s), type))
    if (type == "image/svg+xml") metadata <- c(metadata, "image/svg+xml" = "{\"isolated\":true}")
    if (type == "image/jpeg") metadata <- c(metadata, "image/jpeg" = size)
  }
  send_bundle("display", list(data = data, metadata = metadata))
}

page_in_format <- function(page, type, settings) {
  file <- tempfile("rserver_kernel_")
  earlier <- grDevices::dev.cur()
  on.exit(unlink(file))
  vector_formats[[type]](file, settings)
  grDevices::replayPlot(page)
  grDevices::dev.off()
  if (earlier > 1L) grDevices::dev.set(earlier)
  bytes <- readBin(file, "raw", file.size(file))
  if (type == "image/svg+xml") json_string(with_utf8(rawToChar(bytes))) else json_string(base64(bytes))
}

with_utf8 <- function(text) {
  Encoding(text) <- "UTF-8"
  text
}

# Whether nothing was drawn: some functions begin a page only to measure text. A drawn page is far bigger than a
# blank one, so that this is decided by the size nearly always.
is_blank <- function(plot, file, bytes) {
  pixels <- plot$settings$width * plot$settings$height * plot$settings$res^2
  if (bytes > 2000 + pixels / 250) return(FALSE)
  key <- paste(unlist(plot$settings), collapse = " ")
  if (is.null(state$blank[[key]])) {
    earlier <- grDevices::dev.cur()
    blank <- tempfile("rserver_kernel_", fileext = ".png")
    on.exit(unlink(blank))
    do.call(grDevices::png, c(list(filename = blank), plot$settings))
    # Whatever its size: R's own margins need some.
    graphics::par(mar = rep(0, 4L))
    without_page_hooks(graphics::plot.new())
    grDevices::dev.off()
    if (earlier > 1L) grDevices::dev.set(earlier)
    state$blank[[key]] <- readBin(blank, "raw", file.size(blank))
  }
  identical(readBin(file, "raw", bytes), state$blank[[key]])
}

without_page_hooks <- function(action) {
  names <- names(page_hooks())
  earlier <- lapply(names, getHook)
  for (name in names) setHook(name, list(), "replace")
  on.exit(for (i in seq_along(names)) setHook(names[i], earlier[[i]], "replace"))
  action
}
