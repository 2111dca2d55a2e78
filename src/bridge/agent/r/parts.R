# Most of the agent is not needed in most sessions: those parts come as text and are parsed when something in them is
# first used. See r-agent.ts for which.

agent <- environment()

# Each of the names is a promise that reads its part, which defines them all.
add_part <- function(source, names) {
  for (name in names) do.call(delayedAssign, list(name, call("part_member", source, name), agent, agent))
}

part_member <- function(source, name) {
  eval(parse(text = source, keep.source = FALSE), agent)
  get(name, envir = agent)
}

# Makes the functions of the agent known in another environment, without reading their parts yet.
offer <- function(functions, envir) {
  names <- if (is.null(names(functions))) functions else names(functions)
  for (index in seq_along(functions)) {
    do.call(delayedAssign, list(names[index], as.name(functions[[index]]), agent, envir))
  }
}
