# What every copy of a process needs that fork() has made: what the copy must not have in common with the others.

copies <- new.env(parent = emptyenv())

# A state that came with a snapshot would give every copy the same numbers. R makes a new one when it needs it; the
# kind of generator stays, as R has noticed it.
forget_random_numbers <- function() {
  if (!exists(".Random.seed", envir = globalenv(), inherits = FALSE)) return()
  RNGkind()
  rm(".Random.seed", envir = globalenv())
}

# R keeps its temporary folder over fork(), and makes another one only when it is gone. What was left there
# stays where it is; this process, and so its copies, are made to need another one.
leave_temporary_folder <- function() {
  if (!makes_temporary_folders()) return()
  left <- tempdir()
  if (length(list.files(left, all.files = TRUE, no.. = TRUE)) == 0L) return(unlink(left, recursive = TRUE))
  hidden <- paste0(left, "-kept")
  if (!file.rename(left, hidden)) return()
  unlink(tempdir(check = TRUE), recursive = TRUE)
  file.rename(hidden, left)
}

makes_temporary_folders <- function() "check" %in% names(formals(tempdir))

# R compiles a function when it is called for the second time: each copy would do so for itself.
compile_closures <- function(environment, names = ls(environment, all.names = TRUE)) {
  for (name in names) {
    if (bindingIsActive(name, environment) || bindingIsLocked(name, environment)) next
    value <- get(name, envir = environment)
    if (typeof(value) == "closure" && !isS4(value))
      assign(name, tryCatch(compiler::cmpfun(value), error = function(condition) value), envir = environment)
  }
}

# Child programs then end with this process. R has no word for setsid(), its C library has.
lead_process_group <- function() {
  tryCatch({
    if (!is.loaded("setsid")) dyn.load(c_library())
    .C("setsid")
    TRUE
  }, error = function(condition) FALSE)
}

c_library <- function() {
  libraries <- grep("/(libc[.-]|libc\\.musl)[^/]*$", readLines("/proc/self/maps"), value = TRUE)
  sub("^[^/]*", "", libraries[1L])
}

# Descriptors 1 and 2 are closed first: the pipe that is opened next takes their place, as the lowest number free.
move_output <- function(directory, names) {
  parallel:::closeStdout(FALSE)
  copies$stdout <- open_pipe(directory, names[1L], "wb")
  parallel:::closeStderr(FALSE)
  copies$stderr <- open_pipe(directory, names[2L], "wb")
}

# The temporary folder and the working directory are in `home`.
move_folders <- function(home) {
  Sys.setenv(TMPDIR = file.path(home, "tmp"))
  if (makes_temporary_folders()) tempdir(check = TRUE)
  setwd(file.path(home, "work"))
}

# No exit handlers: what the copy has in common with the others is not its to tidy up.
end_copy <- function() tools::pskill(Sys.getpid(), tools::SIGKILL)
