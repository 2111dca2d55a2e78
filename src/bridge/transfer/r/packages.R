# Formats that packages of the session read and write.

need <- function(...) {
  for (package in c(...)) if (requireNamespace(package, quietly = TRUE)) return(package)
  stop(sprintf("the session has no package %s", paste(c(...), collapse = " or ")), call. = FALSE)
}

write_parquet <- function(x, file) {
  if (need("arrow", "nanoparquet") == "arrow") arrow::write_parquet(x, file) else nanoparquet::write_parquet(x, file)
}

read_parquet <- function(file) {
  x <- if (need("arrow", "nanoparquet") == "arrow") arrow::read_parquet(file) else nanoparquet::read_parquet(file)
  as.data.frame(x)
}

write_arrow <- function(x, file) {
  need("arrow")
  arrow::write_feather(x, file)
}

read_arrow <- function(file) {
  need("arrow")
  as.data.frame(arrow::read_feather(file))
}
