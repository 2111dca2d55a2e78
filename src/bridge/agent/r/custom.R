# Representations that users and packages define: functions named after repr's generics, such as repr_html.myclass.
# They are found on the search path, and among the methods of package repr when it is loaded; the package is not needed.

custom_generics <- c(
  "text/plain" = "repr_text", "text/html" = "repr_html", "text/markdown" = "repr_markdown",
  "text/latex" = "repr_latex", "application/json" = "repr_json", "application/javascript" = "repr_javascript",
  "application/geo+json" = "repr_geojson", "application/vdom.v1+json" = "repr_vdom1",
  "application/vnd.plotly.v1+json" = "repr_plotly1", "application/vnd.vegalite.v2+json" = "repr_vegalite2",
  "application/vnd.vegalite.v3+json" = "repr_vegalite3", "application/vnd.vegalite.v4+json" = "repr_vegalite4",
  "application/vnd.vega.v4+json" = "repr_vega4", "application/vnd.vega.v5+json" = "repr_vega5",
  "image/png" = "repr_png", "image/jpeg" = "repr_jpg", "image/svg+xml" = "repr_svg", "application/pdf" = "repr_pdf"
)

# What the methods for a classed value give, above what the agent itself knows of it; NULL when there is no method.
custom_bundle <- function(value) {
  methods <- custom_methods(value)
  if (length(methods) == 0L) return(NULL)
  own <- if (is_markup(value)) markup_bundle(value) else forms_bundle(own_forms(value))
  data <- own$data
  metadata <- own$metadata
  for (type in names(methods)) {
    shown <- custom_value(methods[[type]], value, custom_generics[[type]])
    if (is.null(shown)) next
    data[type] <- display_value(type, shown)
    extra <- type_metadata(type, shown)
    if (!is.null(extra)) metadata[type] <- to_json(extra[[type]])
  }
  if (length(data) > 0L) list(data = data, metadata = metadata)
}

# A method that fails costs its own form only.
custom_value <- function(method, value, name) {
  tryCatch(method(value), error = function(e) {
    write_stderr(paste0(name, "() of class \"", class(value)[1L], "\" failed: ", conditionMessage(e), "\n"))
    NULL
  })
}

# Functions by mime type.
custom_methods <- function(value) {
  package <- repr_package()
  found <- list()
  classes <- class(value)
  for (type in names(custom_generics)) {
    method <- custom_method(custom_generics[[type]], classes, package)
    if (!is.null(method)) found[[type]] <- method
  }
  found
}

custom_method <- function(generic, classes, package) {
  for (class in classes) {
    name <- paste0(generic, ".", class)
    method <- get0(name, envir = globalenv(), mode = "function")
    if (is.null(method) && !is.null(package)) {
      method <- get0(name, envir = package[[".__S3MethodsTable__."]], mode = "function", inherits = FALSE)
    }
    # repr's own methods know nothing that the agent does not.
    if (!is.null(method) && !identical(environment(method), package)) return(method)
  }
  NULL
}

# Packages offer their methods when repr is loaded: it must be, where one waits for it.
repr_package <- function() {
  if (isNamespaceLoaded("repr")) return(asNamespace("repr"))
  if (length(getHook(packageEvent("repr", "onLoad"))) == 0L) return(NULL)
  if (requireNamespace("repr", quietly = TRUE)) asNamespace("repr")
}
