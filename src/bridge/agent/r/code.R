# Answers about code that is not run: completion, inspection, whether it is complete. Where in the code the cursor
# stands, the kernel has found out; `start` and `end` are its code points.

matches_limit <- 1000L
# So many matches get a type and a signature, for which a package's functions must be loaded.
typed_limit <- 60L

state$place_names <- list()

# Sends complete_reply's fields.
complete <- function(kind, prefix, start, end, owner = "", operator = "", call = "", argument = "",
                     begins = FALSE, given = character(), subset = "") {
  stop_compiling()
  on.exit(go_on_compiling())
  found <- tryCatch(
    suppressWarnings(switch(
      kind,
      member = complete_member(owner, operator, prefix),
      string = complete_string(prefix, call, argument, subset),
      help = complete_name(prefix),
      name = complete_in_call(prefix, call, argument, begins, given)
    )),
    error = function(e) NULL
  )
  matches <- found$text
  # Text, type, signature: three vectors of one length.
  types <- if (length(matches) > 0L) paste0(
    "{\"text\":", json_string(matches), ",\"type\":", json_string(found$type), ",\"signature\":",
    json_string(found$signature), ",\"start\":", start, ",\"end\":", end, "}"
  )
  send_reply(
    matches = json_array(json_string(matches)), cursor_start = start, cursor_end = end,
    metadata = json_object(c("_jupyter_types_experimental" = json_array(types)))
  )
}

matches <- function(text, type, signature = "") {
  count <- length(text)
  list(text = text, type = rep_len(type, count), signature = rep_len(signature, count))
}

join_matches <- function(a, b) {
  new <- !b$text %in% a$text
  list(text = c(a$text, b$text[new]), type = c(a$type, b$type[new]), signature = c(a$signature, b$signature[new]))
}

# Those of `names` that begin with what is typed, in order, each with what `describe` knows: list(type, signature).
named_matches <- function(names, prefix, describe = NULL, keep_order = FALSE) {
  found <- unique(names[startsWith(names, prefix)])
  if (!keep_order) found <- sort_names(found)
  found <- utils::head(found, matches_limit)
  if (length(found) == 0L) return(NULL)
  known <- list()
  if (!is.null(describe) && length(found) <= typed_limit) known <- lapply(found, describe)
  field <- function(index) {
    if (length(known) == 0L) rep("", length(found)) else vapply(known, function(item) item[[index]], "")
  }
  list(text = quoted_names(found), type = field(1L), signature = field(2L))
}

# Whatever the locale: first by letters, capitals after small ones.
sort_names <- function(names) names[order(tolower(names), names, method = "radix")]

# Names that are none otherwise in backticks.
quoted_names <- function(names) {
  odd <- !grepl("^([[:alpha:]]|[.]([^0-9]|$))[[:alnum:]._]*$|^[.]$", names)
  names[odd] <- paste0("`", gsub("`", "\\`", names[odd], fixed = TRUE), "`")
  names
}

describe_match <- function(value) {
  list(kind_of(value), if (is.function(value)) argument_text(value) else "")
}

describe_in <- function(place) {
  function(name) tryCatch(
    if (bindingIsActive(as.name(name), place)) list("property", "")
    else describe_match(get(name, envir = place, inherits = FALSE)),
    error = function(e) list("instance", "")
  )
}

# What may follow `$`, `@`, `::` and `:::`.
complete_member <- function(owner, operator, prefix) {
  if (operator %in% c("::", ":::")) {
    package <- unquoted(owner)
    names <- if (operator == "::") exports_of(package) else ls(asNamespace(package), all.names = TRUE)
    return(named_matches(names, prefix, describe_in_package(package)))
  }
  value <- value_of_path(owner)
  if (operator == "@") return(named_matches(methods::slotNames(value), prefix, function(name) list("property", "")))
  if (is.environment(value)) return(named_matches(environment_names(value), prefix, describe_in(value)))
  names <- member_names(value)
  if (is.null(attr(names, "own"))) return(named_matches(names, prefix, function(name) list("instance", ""), TRUE))
  named_matches(as.character(names), prefix, function(name) {
    item <- .subset2(value, name)
    if (is.data.frame(value)) list(class(item)[1L], "") else describe_match(item)
  }, TRUE)
}

# A class may say by itself what follows `$`.
member_names <- function(value) {
  names <- attr(value, "names")
  if (is.object(value) && !is.data.frame(value) && !is.list(value)) return(utils::.DollarNames(value, "^"))
  structure(if (is.list(value)) names[nzchar(names)], own = TRUE)
}

describe_in_package <- function(package) {
  function(name) tryCatch(
    describe_match(get(name, envir = asNamespace(package))),
    error = function(e) list("dataframe", "")
  )
}

# Functions and data of a package; loads it as `::` would.
exports_of <- function(package) {
  namespace <- asNamespace(package)
  data <- namespace[[".__NAMESPACE__."]]$lazydata
  names <- if (package == "base") ls(namespace) else getNamespaceExports(namespace)
  c(names[!grepl("^[.]__", names)], if (!is.null(data)) ls(data))
}

complete_string <- function(prefix, call, argument, subset) {
  if (subset != "") return(complete_subset(subset, prefix))
  names <- names_for_call(unquoted(sub("^.*:", "", call)))
  if (is.null(names)) return(complete_file(prefix))
  found <- sort_names(unique(names$names[startsWith(names$names, prefix)]))
  matches(utils::head(found, matches_limit), names$type)
}

# Strings and words that some functions take: list(names, type), or NULL.
names_for_call <- function(call) {
  switch(
    call,
    library = , require = , requireNamespace = , loadNamespace = , packageVersion = , help.start = ,
    citation = list(names = list.files(.libPaths()), type = "module"),
    data = list(names = data_names(), type = "dataframe"),
    getOption = list(names = names(options()), type = "option"),
    Sys.getenv = , Sys.unsetenv = list(names = names(Sys.getenv()), type = "variable"),
    detach = list(names = search(), type = "module"),
    help = , example = , demo = list(names = unlist(lapply(search(), place_names)), type = "function"),
    NULL
  )
}

data_names <- function() {
  unlist(lapply(loadedNamespaces(), function(package) {
    data <- asNamespace(package)[[".__NAMESPACE__."]]$lazydata
    if (!is.null(data)) ls(data)
  }))
}

complete_subset <- function(path, prefix) {
  value <- value_of_path(path)
  names <- if (is.environment(value)) ls(value)
    else if (length(dim(value)) == 2L && !is.data.frame(value)) unlist(dimnames(value))
    else names(value)
  text <- utils::head(unique(names[startsWith(names, prefix)]), matches_limit)
  matches(text, if (is.data.frame(value)) "column" else "instance")
}

# Paths as they are typed, folders with a slash at the end.
complete_file <- function(prefix) {
  folder <- sub("[^/]*$", "", prefix)
  start <- substring(prefix, nchar(folder) + 1L)
  files <- list.files(if (folder == "") "." else path.expand(folder), all.files = startsWith(start, "."), no.. = TRUE)
  files <- utils::head(sort_names(files[startsWith(files, start)]), matches_limit)
  if (length(files) == 0L) return(NULL)
  paths <- paste0(folder, files)
  is_folder <- dir.exists(paths)
  matches(paste0(paths, ifelse(is_folder, "/", "")), ifelse(is_folder, "folder", "file"))
}

complete_in_call <- function(prefix, call, argument, begins, given) {
  if (call == "") return(complete_name(prefix))
  words <- if (argument == "" && begins) names_for_call(unquoted(sub("^.*:", "", call)))
  if (identical(words$type, "module") || identical(words$type, "dataframe")) {
    found <- named_matches(words$names, prefix)
    found$type <- rep_len(words$type, length(found$text))
    return(found)
  }
  arguments <- if (begins) complete_argument(call, prefix, given)
  join_matches(arguments, complete_name(prefix))
}

complete_argument <- function(call, prefix, given) {
  value <- value_of_path(call)
  if (!is.function(value)) return(NULL)
  names <- setdiff(argument_names(call, value), c(given, "..."))
  found <- names[startsWith(names, prefix)]
  if (length(found) > 0L) matches(paste0(quoted_names(found), " = "), "param")
}

argument_names <- function(call, value) {
  name <- unquoted(sub("^.*:", "", call))
  if (name == "options") return(names(options()))
  # What a generic hands on to its usual method counts, too.
  method <- tryCatch(utils::getS3method(name, "default", optional = TRUE), error = function(e) NULL)
  unique(c(names(formals(args(value))), if (is.function(method)) names(formals(method))))
}

complete_name <- function(prefix) {
  own <- named_matches(ls(globalenv(), all.names = startsWith(prefix, ".")), prefix, describe_in(globalenv()))
  if (prefix == "") return(own)
  words <- named_matches(reserved_words, prefix, function(name) list("keyword", ""))
  words$text <- sub("^`(.*)`$", "\\1", words$text)
  places <- setdiff(search(), c(".GlobalEnv", "tools:rserver_kernel", "Autoloads"))
  others <- named_matches(unlist(lapply(places, place_names)), prefix, function(name) {
    tryCatch(describe_match(get(name, envir = globalenv())), error = function(e) list("instance", ""))
  })
  packages <- loadedNamespaces()
  packages <- sort_names(packages[startsWith(packages, prefix)])
  found <- join_matches(join_matches(own, words), others)
  if (length(packages) > 0L) found <- join_matches(found, matches(paste0(packages, "::"), "module"))
  found
}

reserved_words <- c(
  "if", "else", "repeat", "while", "function", "for", "next", "break", "in", "TRUE", "FALSE", "NULL", "Inf", "NaN",
  "NA", "NA_integer_", "NA_real_", "NA_character_"
)

# The names of one place on the search path. Those of packages never change.
place_names <- function(place) {
  names <- state$place_names[[place]]
  if (is.null(names)) {
    names <- ls(as.environment(place), sorted = FALSE)
    if (startsWith(place, "package:")) state$place_names[[place]] <- names
  }
  names
}

# Only names, members and package members are looked up: nothing that could run code of its own.
value_of_path <- function(path) {
  parsed <- parse(text = path, keep.source = FALSE, encoding = "UTF-8")[[1L]]
  if (!is_path(parsed)) stop("no path")
  eval(parsed, globalenv())
}

is_path <- function(x) {
  if (is.name(x)) return(TRUE)
  if (!is.call(x) || length(x) != 3L || !is_path(x[[2L]])) return(FALSE)
  if (is_call_to(x, "[[")) return(is.character(x[[3L]]) || is.numeric(x[[3L]]))
  any(vapply(c("$", "@", "::", ":::"), is_call_to, NA, call = x)) && (is.name(x[[3L]]) || is.character(x[[3L]]))
}

unquoted <- function(name) gsub("^[`\"']|[`\"']$", "", name)

# Sends inspect_reply's fields for a name, or else for the call which the cursor is in.
inspect <- function(name, call, detail = 0L) {
  stop_compiling()
  on.exit(go_on_compiling())
  bundle <- NULL
  for (path in c(name, call)) {
    if (is.null(bundle) && path != "") {
      bundle <- tryCatch(suppressWarnings(inspect_name(path, detail)), error = function(e) NULL)
    }
  }
  if (is.null(bundle)) send_reply(found = "false", data = "{}", metadata = "{}")
  else send_reply(found = "true", data = json_object(bundle$data), metadata = "{}")
}

inspect_name <- function(name, detail) {
  path <- parse(text = name, keep.source = FALSE, encoding = "UTF-8")[[1L]]
  if (!is_path(path)) return(NULL)
  found <- tryCatch(list(eval(path, globalenv())), error = function(e) NULL)
  page <- topic_page(path)
  if (is.null(found)) {
    if (is.null(page)) return(NULL)
    return(list(data = c(plain_bundle(page$text)$data, "text/html" = json_string(page$html))))
  }
  value <- found[[1L]]
  if (!is.function(value)) {
    text <- value_text(value, detail)
    return(list(data = c(plain_bundle(paste0(text, "\n"))$data, page_html(page, text))))
  }
  usage <- usage_text(name, value)
  source <- if ((is.null(page) || detail > 0L) && !is.primitive(value)) captured(print(value))
  text <- paste(c(usage, source, if (detail == 0L) page$text), collapse = "\n\n")
  list(data = c(plain_bundle(paste0(text, "\n"))$data, page_html(page, c(if (detail > 0L) source))))
}

# At detail 1 the source stands above the page; without a page the text is enough.
page_html <- function(page, source) {
  if (is.null(page)) return(NULL)
  shown <- if (length(source) > 0L) paste0("<pre>", html_text(source), "</pre>\n")
  c("text/html" = json_string(paste0(shown, page$html)))
}

html_text <- function(text) {
  text <- gsub("&", "&amp;", text, fixed = TRUE)
  gsub("<", "&lt;", text, fixed = TRUE)
}

# The help of a function or data set of a package; a user's own object of that name has none.
topic_page <- function(path) {
  package <- NULL
  topic <- path
  if (is.call(path)) {
    if (!is_call_to(path, "::") && !is_call_to(path, ":::")) return(NULL)
    package <- as.character(path[[2L]])
    topic <- path[[3L]]
  } else if (exists(as.character(topic), envir = globalenv(), inherits = FALSE)) {
    return(NULL)
  }
  cached_page(as.character(topic), package)
}

usage_text <- function(name, value) paste0(name, sub("^function ", "", signature_text(value)))

# `function (x, ...)`, as R writes it; of some primitives R knows no arguments.
signature_text <- function(value) {
  text <- deparse(args(value), width.cutoff = 80L)
  paste(sub("\\s+$", "", text[-length(text)]), collapse = "\n")
}

# The same on one line, without the word `function`.
argument_text <- function(value) gsub("\n *", " ", sub("^function ", "", signature_text(value)))

value_text <- function(value, detail) {
  kind <- paste0("Class: ", paste(class(value), collapse = ", "))
  size <- if (is.null(dim(value))) paste0("Length: ", length(value))
    else paste0("Dimensions: ", paste(dim(value), collapse = " \u00d7 "))
  structure <- captured(utils::str(value, max.level = 2L + detail, list.len = 30L, vec.len = 4))
  paste(c(kind, size, structure), collapse = "\n")
}

# Sends is_complete_reply's status; how far to indent, the kernel knows.
is_complete <- function(code) {
  problem <- tryCatch(
    {
      parse(text = strsplit(code, "\n", fixed = TRUE)[[1L]], keep.source = FALSE, encoding = "UTF-8")
      NULL
    },
    error = conditionMessage
  )
  # R translates the one; the other is the name of a token.
  open <- c(gettext("unexpected end of input", domain = "R"), "INCOMPLETE_STRING", "malformed raw string")
  status <- if (is.null(problem)) "complete"
    else if (any(vapply(open, grepl, NA, x = problem, fixed = TRUE))) "incomplete"
    else "invalid"
  send_reply(status = json_string(status))
}
