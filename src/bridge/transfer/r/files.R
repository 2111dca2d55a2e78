# Files of a transfer in the working directory of the session: their digests, their names. All that the kernel is told is
# a line of `report`.

report <- function(...) {
  cat("\n", paste(c("<rserver-transfer>", ...), collapse = "\t"), "\n", sep = "")
}

digest_of <- function(file) {
  if (exists("sha256sum", envir = asNamespace("tools"), inherits = FALSE)) {
    return(c("sha256", unname(get("sha256sum", asNamespace("tools"))(file))))
  }
  c("md5", unname(tools::md5sum(file)))
}

# Tells how far a sent file came: its digest.
check <- function(file) report("digest", digest_of(file))

# Gives a sent file its name, when it is free or may be replaced.
keep_file <- function(file, name, replaces) {
  if (!replaces && file.exists(name)) {
    unlink(file)
    return(report("exists"))
  }
  if (!file.rename(file, name)) stop(sprintf("the file %s cannot be written", name), call. = FALSE)
  report("kept")
}

file_digest <- function(name) {
  if (!file.exists(name)) return(report("missing"))
  report("file", file.info(name)$size, digest_of(name), "FALSE")
}
