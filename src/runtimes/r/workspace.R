# The workspace in R's binary form. Large contents travel by files whose paths the server gives.

list_objects <- function(text, bytes) ls(globalenv())

# `text` is the path to write to; the name comes as bytes because both are needed.
get_object <- function(text, bytes) {
  name <- existing_name(bytes)
  tryCatch(save(list = name, envir = globalenv(), file = text, compress = FALSE), error = function(condition) {
    fail("RUNTIME_OBJECT_NOT_SERIALIZABLE", paste0("'", name, "' cannot be saved: ", conditionMessage(condition)))
  })
  NULL
}

set_object <- function(text, bytes) {
  name <- name_of(bytes)
  value <- tryCatch(read_object(text), error = function(condition) {
    fail("RUNTIME_OBJECT_BAD_BYTES", paste0("The bytes for '", name, "' are no R object: ", conditionMessage(condition)))
  })
  assign(name, value[[1L]], envir = globalenv())
  NULL
}

delete_object <- function(text, bytes) {
  rm(list = existing_name(bytes), envir = globalenv())
  NULL
}

# Everything, also what ls() hides, such as the state of the random numbers. Answers the attached packages,
# first attached first.
save_workspace <- function(text, bytes) {
  names <- ls(globalenv(), all.names = TRUE)
  tryCatch(save(list = names, envir = globalenv(), file = text, compress = FALSE), error = function(condition) {
    fail("RUNTIME_OBJECT_NOT_SERIALIZABLE", paste("The workspace cannot be saved:", conditionMessage(condition)))
  })
  rev(setdiff(.packages(), c("base", "methods", "datasets", "utils", "grDevices", "graphics", "stats")))
}

# Merges a saved workspace; its packages are attached again as far as they are installed here.
load_workspace <- function(text, bytes) {
  for (package in setdiff(unserialize(bytes), .packages())) {
    if (length(find.package(package, quiet = TRUE)) == 0L) next
    try(suppressWarnings(suppressMessages(
      library(package, character.only = TRUE, quietly = TRUE, warn.conflicts = FALSE)
    )), silent = TRUE)
  }
  tryCatch(load(text, envir = globalenv()), error = function(condition) {
    fail("RUNTIME_SNAPSHOT_BAD", paste("The workspace cannot be loaded:", conditionMessage(condition)))
  })
  NULL
}

# A list of one: the object in the file, which holds serialize() bytes, an .rds or an .RData stream.
read_object <- function(path) {
  loaded <- new.env(parent = emptyenv())
  names <- tryCatch(suppressWarnings(load(path, envir = loaded)), error = function(condition) NULL)
  if (length(names) > 0L) return(list(get(names[1L], envir = loaded)))
  list(readRDS(path))
}

name_of <- function(bytes) {
  name <- rawToChar(bytes)
  Encoding(name) <- "UTF-8"
  name
}

existing_name <- function(bytes) {
  name <- name_of(bytes)
  if (!exists(name, envir = globalenv(), inherits = FALSE))
    fail("RUNTIME_OBJECT_NOT_FOUND", paste0("The workspace has no object '", name, "'."))
  name
}
