# Tells the kernel what a cell changed in the workspace, so that the kernel can answer about it while the next cell runs.
# Only differences travel. Looking is cheap and runs no code of the user's: it must not slow down a cell.

# Variables described in one message, names of one package or object, and functions of packages, at most.
told_limit <- 200L
names_limit <- 3000L
members_limit <- 300L
functions_limit <- 40L
files_limit <- 500L

forget_told <- function() {
  state$names <- character()
  state$all_names <- NULL
  state$addresses <- list()
  state$probe <- NULL
  state$described <- new.env(hash = TRUE, parent = emptyenv())
  state$lazy <- character()
  state$told_search <- NULL
  state$told_packages <- character()
  state$told_functions <- character()
  state$told_folder <- NULL
}

forget_told()

# Before the first cell, and whenever the kernel says that it knows another state than the one told last.
tell_everything <- function(known) {
  if (is.null(known) || identical(as.numeric(known), state$serial)) return()
  quietly({
    forget_told()
    tell("\"full\":true", character())
    release_held() # the cell may take long
  })
}

# After a cell. `mentioned` are the names in its code: what it changed in place has kept its address.
tell_changes <- function(known, mentioned) {
  if (!is.null(known)) quietly(tell(NULL, mentioned))
}

quietly <- function(action) tryCatch(action, error = function(e) NULL)

tell <- function(first, mentioned) {
  fields <- c(first, told_objects(mentioned), told_search(mentioned), told_functions(mentioned), told_files())
  if (length(fields) == 0L) return()
  # From the clock, so that an agent which is installed anew never repeats a number.
  state$serial <- if (is.null(state$serial)) floor(as.numeric(Sys.time()) * 100) else state$serial + 1
  serial <- format(state$serial, scientific = FALSE)
  hold(paste0("{\"type\":\"workspace\",\"serial\":", serial, ",", paste(fields, collapse = ","), "}"))
}

told_objects <- function(mentioned) {
  # A primitive, and hidden names change nothing here but the time it takes.
  all_names <- names(globalenv())
  gone <- character()
  if (!identical(all_names, state$all_names) || "makeActiveBinding" %in% mentioned) {
    names <- ls(globalenv(), sorted = FALSE)
    gone <- setdiff(state$names, names)
    added <- setdiff(names, state$names)
    look_at(names, if ("delayedAssign" %in% mentioned) added)
    state$all_names <- all_names
    changed <- c(added, changed_addresses(intersect(names, mentioned)))
    if (length(gone) > 0L) rm(list = intersect(gone, ls(state$described)), envir = state$described)
  } else {
    names <- state$names
    changed <- changed_addresses(names[match(names, mentioned, 0L) > 0L])
  }
  objects <- if (length(changed) > 0L) suppressWarnings(changed_objects(changed))
  c(
    if (length(objects) > 0L) paste0("\"objects\":", json_array(objects)),
    if (length(gone) > 0L) paste0("\"gone\":", json_array(json_string(gone)))
  )
}

# The JSON of those that look otherwise than they were told; what is too much for one message is told next time.
changed_objects <- function(names) {
  objects <- vapply(utils::head(names, told_limit), changed_object, "")
  for (name in names[-seq_len(min(length(names), told_limit))]) state$addresses[name] <- list(NULL)
  objects[nzchar(objects)]
}

# Prepares one call that gives the addresses of all values. Active bindings and promises would run code.
look_at <- function(names, lazy) {
  active <- vapply(names, function(name) bindingIsActive(as.name(name), globalenv()), NA)
  state$lazy <- intersect(names[!active], c(state$lazy, lazy))
  plain <- names[!active & !names %in% state$lazy]
  state$names <- names
  state$addresses <- state$addresses[intersect(plain, names(state$addresses))]
  probes <- lapply(plain, function(name) as.call(list(.Internal, call("address", as.name(name)))))
  state$probe <- as.call(c(list(list), with_names(probes, plain)))
}

changed_addresses <- function(mentioned) {
  addresses <- eval(state$probe, globalenv())
  before <- state$addresses
  state$addresses <- addresses
  state$lazy <- setdiff(state$lazy, mentioned)
  if (identical(addresses, before)) return(mentioned)
  moved <- vapply(names(addresses), function(name) !identical(addresses[[name]], before[[name]]), NA)
  union(mentioned, names(addresses)[moved])
}

# The JSON of one object; empty when it looks as it was told last.
changed_object <- function(name) {
  told <- if (name %in% state$lazy) {
    json_object(json_strings(name = name, type = "promise", size = "", value = "", kind = "instance"))
  } else described_object(name)
  if (identical(state$described[[name]], told)) return("")
  assign(name, told, envir = state$described)
  told
}

described_object <- function(name) {
  fields <- variable_fields(name)
  if (bindingIsActive(as.name(name), globalenv())) return(json_object(json_strings(fields, kind = "instance")))
  value <- get(name, envir = globalenv(), inherits = FALSE)
  parts <- json_strings(fields, kind = kind_of(value))
  if (is.function(value)) parts <- c(parts, json_strings(signature = argument_text(value)))
  members <- members_of(value)
  if (length(members$names) > 0L) {
    shown <- seq_len(min(length(members$names), members_limit))
    parts <- c(
      parts,
      members = json_array(json_string(members$names[shown])),
      types = json_array(json_string(member_types(value, members$names[shown]))),
      access = json_string(members$access)
    )
  }
  json_object(parts)
}

json_strings <- function(...) {
  values <- c(...)
  with_names(json_string(values), names(values))
}

# What `x$`, `x@` or `x[["` may be followed by: list(names, access).
members_of <- function(x) {
  if (is.environment(x)) return(list(names = environment_names(x), access = "$"))
  if (isS4(x)) return(list(names = methods::slotNames(x), access = "@"))
  names <- attr(x, "names")
  if (is.list(x)) list(names = unique(names[nzchar(names)]), access = "$")
  else if (is.atomic(x) && length(names) <= members_limit) list(names = unique(names[nzchar(names)]), access = "[")
}

environment_names <- function(x) {
  if (identical(x, globalenv()) || isNamespace(x) || length(x) > names_limit) character() else ls(x)
}

# Of data frames the classes of the columns, of all else whether it is a function.
member_types <- function(x, names) {
  if (isS4(x) && !is.environment(x)) return(rep("instance", length(names)))
  if (is.atomic(x)) return(rep("instance", length(names)))
  is_table <- is.data.frame(x)
  vapply(names, function(name) {
    if (is.environment(x) && bindingIsActive(as.name(name), x)) return("property")
    value <- if (is.environment(x)) get(name, envir = x) else .subset2(x, name)
    if (is_table) class(value)[1L] else kind_of(value)
  }, "", USE.NAMES = FALSE)
}

kind_of <- function(x) if (is.function(x)) "function" else if (is.data.frame(x)) "dataframe" else "instance"

# The search path and the names on it; of packages that the code names by `::`, their exports.
told_search <- function(mentioned) {
  path <- search()
  named <- if ("::" %in% mentioned) intersect(mentioned, loadedNamespaces())
  is_news <- !identical(path, state$told_search)
  if (!is_news && length(named) == 0L) return()
  state$told_search <- path
  places <- setdiff(path, c(".GlobalEnv", "tools:rserver_kernel", "Autoloads"))
  labels <- c(places, setdiff(paste0(rep("package:", length(named)), named), places))
  new <- setdiff(labels, state$told_packages)
  state$told_packages <- union(state$told_packages, new)
  spaces <- vapply(new, function(label) json_array(json_string(names_of_place(label))), "")
  c(
    if (is_news) paste0("\"search\":", json_array(json_string(places))),
    if (length(new) > 0L) paste0("\"spaces\":", json_object(with_names(spaces, new)))
  )
}

names_of_place <- function(label) {
  names <- if (label %in% search()) place_names(label) else exports_of(sub("^package:", "", label))
  utils::head(names, names_limit)
}

# Arguments of functions which the code calls; `pkg::f` is known as `f`, too.
told_functions <- function(mentioned) {
  names <- mentioned[match(mentioned, state$told_functions, 0L) == 0L]
  if (length(names) == 0L) return()
  names <- utils::head(setdiff(names, state$names), functions_limit)
  state$told_functions <- c(state$told_functions, names)
  names <- names[grepl("^[[:alpha:].]", names)]
  found <- vapply(names, function(name) {
    value <- get0(name, envir = globalenv(), mode = "function")
    if (is.null(value)) "" else argument_text(value)
  }, "")
  found <- found[nzchar(found)]
  if (length(found) == 0L) return()
  paste0("\"functions\":", json_object(with_names(json_string(found), names(found))))
}

told_files <- function() {
  folder <- getwd()
  # file.mtime() without its data frame.
  stamp <- list(folder, .Internal(file.info(".", FALSE))[["mtime"]])
  if (identical(stamp, state$told_folder)) return()
  state$told_folder <- stamp
  files <- utils::head(list.files(), files_limit)
  paste0("\"files\":", json_array(json_string(files)))
}
