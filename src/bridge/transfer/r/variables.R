# A file becomes a variable, a variable becomes a file.

load_file <- function(file, format, name, types = NULL) {
  on.exit(unlink(c(file, types)))
  x <- switch(format,
    csv = read_csv(file, types),
    json = read_json(file, types),
    parquet = read_parquet(file),
    arrow = read_arrow(file),
    rds = readRDS(file),
    frame = decode(read_frame(file)),
    rdata = {
      found <- new.env()
      names <- load(file, found)
      if (length(names) != 1L || name == "") {
        for (each in names) assign(each, get(each, found), envir = globalenv())
        return(report("names", names))
      }
      get(names, found)
    },
    stop(sprintf("R does not read the format %s", format), call. = FALSE)
  )
  assign(name, x, envir = globalenv())
  describe(x)
}

save_file <- function(name, format, file) {
  if (!exists(name, envir = globalenv())) return(report("missing"))
  on.exit(unlink(c(file, paste0(file, ".types"))))
  x <- get(name, envir = globalenv())
  if (format %in% c("parquet", "arrow") && !is.data.frame(x)) {
    stop(sprintf("%s is no data frame, which the format %s wants", name, format), call. = FALSE)
  }
  switch(format,
    csv = write_csv(encode(x, name), file),
    json = write_json(encode(x, name), file),
    parquet = write_parquet(x, file),
    arrow = write_arrow(x, file),
    rds = saveRDS(x, file),
    rdata = save(list = name, file = file, envir = globalenv()),
    frame = write_frame(encode(x, name), file),
    stop(sprintf("R does not write the format %s", format), call. = FALSE)
  )
  on.exit()
  describe(x)
  report("file", file.info(file)$size, digest_of(file), file.exists(paste0(file, ".types")))
}

describe <- function(x) {
  rows <- if (length(dim(x)) == 2L) nrow(x) else length(x)
  columns <- if (length(dim(x)) == 2L) ncol(x) else 1L
  report("value", class(x)[1L], rows, columns)
}
