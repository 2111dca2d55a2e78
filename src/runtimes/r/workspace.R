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

# Everything, also what ls() hides, such as the state of the random numbers. `text` is the pipe to write into, `bytes` the
# path of another one, which says how that goes. A copy of this process writes, so that this one can go on; where there
# cannot be one, this one writes when it has answered. Answers the attached packages, first attached first.
save_workspace <- function(text, bytes) {
  packages <- rev(setdiff(.packages(), c("base", "methods", "datasets", "utils", "grDevices", "graphics", "stats")))
  pipe <- file(text, "wb", raw = TRUE)
  outcome <- file(rawToChar(bytes), "wb", raw = TRUE)
  copy <- tryCatch(parallel:::mcfork(TRUE), error = function(condition) NULL)
  if (inherits(copy, "masterProcess"))
    tryCatch(write_copied_workspace(pipe, outcome), error = function(condition) NULL, finally = end_copy())
  on.exit({
    close(pipe)
    close(outcome)
  })
  if (!is.null(copy)) return(packages)
  write_frame(FRAME_DONE, "", to_bytes(packages))
  try(write_workspace(pipe, outcome), silent = TRUE)
  ANSWERED
}

# In the copy: what ends the session, or listens to it, does not concern it.
write_copied_workspace <- function(pipe, outcome) {
  lead_process_group()
  close_channels()
  parallel:::closeStdout(TRUE)
  parallel:::closeStderr(TRUE)
  write_workspace(pipe, outcome)
}

# R kills, when it ends, the copies that package parallel knows. A snapshot is written to its end.
let_copies_go_on <- function() {
  if (!isNamespaceLoaded("parallel")) return()
  namespace <- asNamespace("parallel")
  unlockBinding("cleanup", namespace)
  assign("cleanup", function(...) NULL, envir = namespace)
}

# As save() writes it, but with numbers as they are in memory, which takes a tenth of the time; load() reads both.
write_workspace <- function(pipe, outcome) {
  write_now(charToRaw("begun\n"), outcome)
  format <- if (getRversion() >= "3.6.0") 3L else 2L
  failure <- tryCatch({
    objects <- as.pairlist(as.list.environment(globalenv(), all.names = TRUE))
    writeBin(charToRaw(sprintf("RDX%d\n", format)), pipe)
    serialize(objects, pipe, xdr = FALSE, version = format)
    flush(pipe)
    NULL
  }, error = function(condition) paste("The workspace cannot be saved:", describe_unsaved(condition)))
  lines <- if (is.null(failure)) "ok" else c("RUNTIME_OBJECT_NOT_SERIALIZABLE", enc2utf8(failure))
  write_now(charToRaw(paste0(lines, "\n", collapse = "")), outcome)
}

# The objects that are to blame, each with its reason.
describe_unsaved <- function(condition) {
  nowhere <- file("/dev/null", "wb")
  on.exit(close(nowhere))
  reasons <- character()
  for (name in ls(globalenv(), all.names = TRUE)) {
    reason <- tryCatch({
      serialize(get(name, envir = globalenv()), nowhere, xdr = FALSE)
      NULL
    }, error = conditionMessage)
    if (!is.null(reason)) reasons <- c(reasons, sprintf("'%s' (%s)", name, reason))
  }
  if (length(reasons) > 0L) paste(reasons, collapse = ", ") else conditionMessage(condition)
}

# Merges a saved workspace; its packages are attached again as far as they are installed here.
load_workspace <- function(text, bytes) {
  for (package in setdiff(unserialize(bytes), .packages())) {
    if (length(find.package(package, quiet = TRUE)) == 0L) next
    try(suppressWarnings(suppressMessages(
      library(package, character.only = TRUE, quietly = TRUE, warn.conflicts = FALSE)
    )), silent = TRUE)
  }
  tryCatch(read_workspace(text), error = function(condition) {
    fail("RUNTIME_SNAPSHOT_BAD", paste("The workspace cannot be loaded:", conditionMessage(condition)))
  })
  NULL
}

# As load() does, but from a pipe too, and without looking for compression, which costs time.
read_workspace <- function(path) {
  connection <- file(path, "rb", raw = TRUE)
  on.exit(close(connection))
  .Internal(loadFromConn2(connection, globalenv(), FALSE))
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
