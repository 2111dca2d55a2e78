# Answers each line on stdin with a line: the line itself, or with the argument "evaluate" what its code gives.
evaluates <- identical(commandArgs(TRUE), "evaluate")
input <- file("stdin", "r")
while (length(line <- readLines(input, 1L)) > 0L) {
  cat(if (evaluates) deparse(eval(parse(text = line))) else line, "\n", sep = "")
  flush(stdout())
}
