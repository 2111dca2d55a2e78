# The channels between this process and the server.
#
# A frame is three little-endian 32 bit integers (kind, length of text, length of bytes), UTF-8 text, bytes.
# stdout and stderr carry the program's text, and markers in it: one byte 0x1d, a nonce which only this worker knows,
# a letter and eight hex digits, the same marker in both streams. They tell the server what came before what:
# `s` orders the two streams, `d` is the place of the DATA frame that follows, `e` is the end of an execution and the place of
# its LAST frames.

REQUEST_EXECUTE <- 1L # list, get, set, delete, save and load are 2 to 7: see answer()
REQUEST_FORK_SESSION <- 11L

FRAME_HELLO <- 1L
FRAME_DATA <- 2L
FRAME_DONE <- 3L
FRAME_FAILED <- 4L
FRAME_INPUT <- 5L
FRAME_LAST <- 8L

channels <- new.env(parent = emptyenv())

# The named pipes in `directory` are opened close-on-exec ("e"), so that child programs do not inherit them, and by
# name, so that they reach the server whatever user code does with descriptors 1 and 2.
open_channels <- function(directory) {
  channels$requests <- open_pipe(directory, "requests", "reb")
  channels$input <- open_pipe(directory, "input", "reb")
  channels$answers <- open_pipe(directory, "answers", "web")
  channels$stdout <- open_pipe(directory, "stdout", "web")
  channels$stderr <- open_pipe(directory, "stderr", "web")
  channels$console <- getConnection(1L)
  channels$interrupt <- file.path(dirname(directory), "interrupt")
  channels$pid <- Sys.getpid()
  channels$sequence <- 0L
  channels$marker <- paste0("\x1d", read_request()$text)
}

open_pipe <- function(directory, name, mode) file(file.path(directory, name), mode, raw = TRUE)

close_channels <- function() for (name in c("requests", "input", "answers", "stdout", "stderr")) close(channels[[name]])

# NULL when the server has closed the channel.
read_request <- function() read_frame(channels$requests)

read_frame <- function(connection) {
  header <- readBin(connection, "integer", 3L, endian = "little")
  if (length(header) < 3L) return(NULL)
  text <- ""
  if (header[2L] > 0L) {
    text <- rawToChar(readBin(connection, "raw", header[2L]))
    Encoding(text) <- "UTF-8"
  }
  bytes <- if (header[3L] > 0L) readBin(connection, "raw", header[3L])
  list(kind = header[1L], text = text, bytes = bytes)
}

write_frame <- function(kind, text, bytes = NULL, is_last = TRUE) {
  if (length(bytes) > .Machine$integer.max) stop("more than 2 GiB cannot be sent in one piece")
  text <- charToRaw(text)
  writeBin(c(kind, length(text), length(bytes)), channels$answers, endian = "little")
  if (length(text) > 0L) writeBin(text, channels$answers)
  if (length(bytes) > 0L) writeBin(bytes, channels$answers)
  if (is_last) flush(channels$answers)
}

# Whether this is a copy made by fork(), as parallel::mclapply does; only the first process speaks for the session.
is_forked <- function() Sys.getpid() != channels$pid

write_marker <- function(letter) {
  if (is_forked()) return(invisible())
  flush(channels$console) # what C code printed and did not flush
  marker <- charToRaw(next_marker(letter))
  write_now(marker, channels$stdout)
  write_now(marker, channels$stderr)
}

# Text for stderr in its place between the lines of stdout.
write_stderr <- function(text) {
  if (is_forked() || sink.number("message") != 2L) return(cat(text, file = stderr()))
  flush(channels$console)
  before <- next_marker("s")
  after <- next_marker("s")
  write_now(charToRaw(paste0(before, after)), channels$stdout)
  write_now(charToRaw(paste0(before, enc2utf8(text), after)), channels$stderr)
}

next_marker <- function(letter) {
  channels$sequence <- channels$sequence %% 2147483647L + 1L
  sprintf("%s%s%08x", channels$marker, letter, channels$sequence)
}

write_now <- function(bytes, connection) {
  writeBin(bytes, connection)
  flush(connection)
}

# The emit hook: hands one string to the server, in order with everything printed before. With `last` it comes with the
# end of the execution, which saves the markers: nothing of the caller's is printed after it.
emit <- function(text, last = FALSE) {
  if (!is.character(text) || length(text) != 1L || is.na(text)) stop("emit() takes one string")
  if (is_forked()) return(invisible())
  if (last) channels$last <- c(channels$last, enc2utf8(text))
  else emit_now(enc2utf8(text))
  invisible()
}

emit_now <- function(text) {
  suspendInterrupts({
    write_marker("d")
    write_frame(FRAME_DATA, text)
  })
}

# Native byte order and format 2, without compact forms: what the server reads back.
to_bytes <- function(value) serialize(value, NULL, ascii = FALSE, xdr = FALSE, version = 2L)
