# Whether the calls of a service can leave anything behind in their process, other than variables. Only then may one copy
# of the process serve several calls; in doubt each call gets a copy of its own. Decided once, from the code and everything
# in the workspace, by lists of what is known to be harmless.

# Functions that compute a value from their arguments, print, or signal conditions.
PURE_FUNCTIONS <- c(
  "{", "(", "if", "for", "while", "repeat", "break", "next", "return", "function", "<-", "=", "~", "$", "@", "[", "[[", ":",
  "+", "-", "*", "/", "^", "%%", "%/%", "%*%", "%o%", "%in%", "==", "!=", "<", ">", "<=", ">=", "!", "&", "&&", "|", "||", "|>",
  "abs", "sqrt", "exp", "expm1", "log", "log10", "log1p", "log2", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh",
  "cosh", "tanh", "gamma", "lgamma", "beta", "lbeta", "choose", "factorial", "ceiling", "floor", "round", "signif", "trunc",
  "sign", "max", "min", "pmax", "pmin", "range", "sum", "prod", "mean", "median", "quantile", "var", "sd", "mad", "IQR", "cor",
  "cov", "cumsum", "cumprod", "cummax", "cummin", "diff", "scale", "weighted.mean", "fivenum", "rowSums", "rowMeans", "colSums",
  "colMeans", "crossprod", "tcrossprod", "solve", "det", "diag", "t", "qr", "svd", "chol", "is.finite", "is.nan", "is.infinite",
  "c", "list", "vector", "logical", "integer", "numeric", "double", "character", "factor", "matrix", "array", "data.frame",
  "cbind", "rbind", "rep", "rep_len", "seq", "seq_len", "seq_along", "rev", "sort", "order", "rank", "unique", "duplicated",
  "head", "tail", "append", "setdiff", "union", "intersect", "is.element", "match", "which", "which.max", "which.min", "any",
  "all", "ifelse", "switch", "xor", "isTRUE", "isFALSE", "identical", "all.equal", "length", "lengths", "nrow", "ncol", "NROW",
  "NCOL", "dim", "names", "colnames", "rownames", "row.names", "dimnames", "levels", "nlevels", "droplevels", "cut",
  "findInterval", "table", "tabulate", "merge", "subset", "with", "within", "transform", "stack", "expand.grid", "unlist",
  "setNames", "unname", "nchar", "substr", "substring", "sub", "gsub", "regexpr", "gregexpr", "grepl", "grep", "regmatches",
  "strsplit", "toupper", "tolower", "trimws", "startsWith", "endsWith", "sprintf", "paste", "paste0", "format", "formatC",
  "prettyNum", "toString", "chartr", "rev", "as.numeric", "as.double", "as.integer", "as.character", "as.logical", "as.factor",
  "as.vector", "as.matrix", "as.data.frame", "as.list", "as.Date", "as.POSIXct", "as.POSIXlt", "ISOdate", "ISOdatetime",
  "is.null", "is.na", "is.numeric", "is.character", "is.logical", "is.factor", "is.list", "is.data.frame", "is.vector",
  "is.matrix", "is.function", "inherits", "class", "typeof", "mode", "missing", "nargs", "invisible", "identity", "I",
  "complete.cases", "na.omit", "nlevels", "interaction", "split", "unsplit", "difftime", "strftime", "strptime", "weekdays",
  "months", "julian", "Sys.time", "Sys.Date", "date", "print", "cat", "message", "warning", "stop", "stopifnot", "try",
  "tryCatch", "suppressWarnings", "suppressMessages", "simpleError", "conditionMessage", "set.seed", "runif", "rnorm", "rbinom",
  "rpois", "rexp", "sample", "sample.int", "dnorm", "pnorm", "qnorm", "dbinom", "pbinom", "qbinom", "dpois", "ppois", "qpois",
  "dunif", "punif", "qunif", "dt", "pt", "qt", "dchisq", "pchisq", "qchisq", "df", "pf", "qf", "plogis", "qlogis", "dgamma",
  "pgamma", "qgamma", "dbeta", "pbeta", "qbeta", "predict", "fitted", "residuals", "resid", "coef", "coefficients",
  "confint", "vcov", "deviance", "df.residual", "logLik", "AIC", "BIC", "nobs",
  "offset", "poly", "binomial", "gaussian", "poisson", "Gamma", "quasibinomial", "quasipoisson",
  "prcomp", "princomp", "kmeans", "dist", "cutree", "hclust", "cmdscale", "chisq.test", "anova",
  "summary", "knn", "ns", "bs"
)

# They call the function which is their argument of this name.
PURE_APPLIERS <- c(
  lapply = "FUN", sapply = "FUN", vapply = "FUN", mapply = "FUN", tapply = "FUN", apply = "FUN", outer = "FUN", Map = "f",
  Filter = "f", Reduce = "f", Vectorize = "FUN", ave = "FUN"
)

# Left sides of assignments: their functions give a changed copy.
PURE_REPLACEMENTS <- c(
  "$", "[", "[[", "@", "names", "colnames", "rownames", "row.names", "dim", "dimnames", "levels", "class", "attr", "diag", "is.na",
  "substr"
)

# What comes with R; the state of other packages is their own business.
TRUSTED_PACKAGES <- c(
  "base", "methods", "datasets", "utils", "grDevices", "graphics", "stats", "parallel", "compiler", "tools", "splines", "stats4",
  "boot", "class", "cluster", "codetools", "foreign", "KernSmooth", "lattice", "MASS", "Matrix", "mgcv", "nlme", "nnet", "rpart",
  "spatial", "survival"
)
LARGEST_WORKSPACE <- 100000L

is_pure_service <- function(program) {
  if (is.null(program) || !all(loadedNamespaces() %in% TRUSTED_PACKAGES)) return(FALSE)
  names <- ls(globalenv(), all.names = TRUE)
  for (name in names) if (bindingIsActive(name, globalenv()) || bindingIsLocked(name, globalenv())) return(FALSE)
  values <- mget(names, envir = globalenv())
  purity$functions <- names[vapply(values, is.function, NA)]
  purity$count <- 0L
  tryCatch({
    for (expression in program) assert_pure(expression)
    for (value in values) assert_harmless(value)
    TRUE
  }, rserver_impure = function(condition) FALSE)
}

purity <- new.env(parent = emptyenv())

impure <- function() stop(structure(class = c("rserver_impure", "error", "condition"), list(message = "", call = NULL)))

# A value of the workspace: no part of it may be changed in place, and every function in it is pure.
assert_harmless <- function(value) {
  purity$count <- purity$count + 1L
  if (purity$count > LARGEST_WORKSPACE) impure()
  if (isS4(value)) impure()
  switch(typeof(value),
    environment = , externalptr = , weakref = , promise = , bytecode = impure(),
    closure = if (!is_trusted(value)) assert_pure_function(value),
    list = , expression = , pairlist = for (item in unclass(value)) assert_harmless(item),
    # Models evaluate the terms of their formulas.
    language = if (inherits(value, "formula")) assert_pure(strip(value))
  )
}

strip <- function(value) {
  attributes(value) <- NULL
  value
}

is_trusted <- function(value) environmentName(topenv(environment(value))) %in% TRUSTED_PACKAGES

assert_pure_function <- function(value) {
  assert_pure_all(as.list(formals(value)))
  assert_pure(body(value))
}

# Some may be empty, as in x[1, ] and for arguments without a default.
assert_pure_all <- function(expressions) {
  for (i in seq_along(expressions)) if (!identical(expressions[[i]], quote(expr = ))) assert_pure(expressions[[i]])
}

assert_pure <- function(expression) {
  if (!is.call(expression)) return()
  if (length(expression) == 0L) impure()
  called <- expression[[1L]]
  if (is_scoped(called)) called <- called[[3L]]
  if (is.symbol(called)) assert_pure_call(as.character(called), expression)
  else if (is.call(called) && identical(called[[1L]], quote(`function`))) assert_pure(called)
  else impure()
}

# package::name
is_scoped <- function(called) {
  is.call(called) && identical(called[[1L]], quote(`::`)) && as.character(called[[2L]]) %in% TRUSTED_PACKAGES
}

assert_pure_call <- function(name, expression) {
  if (name %in% c("library", "require", "requireNamespace", "suppressPackageStartupMessages")) return(assert_attached(expression))
  if (name %in% names(PURE_APPLIERS)) assert_pure_argument(name, expression)
  else if (!is_pure_name(name)) impure()
  if (name %in% c("<-", "=", "for")) assert_pure_target(expression[[2L]])
  if (name == "cat" && any(c("file", "append") %in% names(expression))) impure()
  if (name == "tryCatch") assert_pure_handlers(expression)
  if (name == "set.seed" && length(expression) != 2L) impure()
  if (name == "function") assert_pure_all(as.list(expression[[2L]]))
  assert_pure_all(as.list(expression)[-1L])
}

is_pure_name <- function(name) name %in% PURE_FUNCTIONS || name %in% purity$functions

# A function that is passed on must be written here, or be known by its name.
assert_pure_argument <- function(name, expression) {
  if (name %in% purity$functions) impure()
  expression[[1L]] <- as.name(name)
  matched <- tryCatch(match.call(get(name, envir = .GlobalEnv, mode = "function"), expression), error = function(e) impure())
  assert_known_function(matched[[PURE_APPLIERS[[name]]]])
}

assert_pure_handlers <- function(expression) {
  for (name in setdiff(names(expression), c("", "expr", "finally"))) assert_known_function(expression[[name]])
}

assert_known_function <- function(argument) {
  if (is.call(argument) && identical(argument[[1L]], quote(`function`))) return()
  if (!((is.symbol(argument) || is.character(argument)) && is_pure_name(as.character(argument)))) impure()
}

assert_pure_target <- function(target) {
  if (!is.call(target)) return()
  if (!is.symbol(target[[1L]]) || !as.character(target[[1L]]) %in% PURE_REPLACEMENTS) impure()
  assert_pure_target(target[[2L]])
}

# Attaching again what is attached changes nothing.
assert_attached <- function(expression) {
  for (argument in as.list(expression)[-1L]) {
    if (is.call(argument)) assert_pure(argument)
    else if (!paste0("package:", as.character(argument)) %in% search()) impure()
  }
}

# What calls begin with, to begin with it again.
remember_state <- function() {
  service$workspace <- mget(ls(globalenv(), all.names = TRUE), envir = globalenv())
  service$last <- mget(c(".Last.value", "last.warning"), envir = baseenv(), ifnotfound = list(NULL))
  service$state <- current_state()
}

current_state <- function() list(search(), loadedNamespaces(), getAllConnections(), getwd(), Sys.getlocale(), sink.number())

# Puts the variables back; whether nothing else has changed.
restore_state <- function() {
  names <- ls(globalenv(), all.names = TRUE, sorted = FALSE)
  rm(list = names[!names %in% names(service$workspace)], envir = globalenv())
  list2env(service$workspace, globalenv())
  for (name in names(service$last)) {
    if (exists(name, envir = baseenv(), inherits = FALSE)) assign(name, service$last[[name]], envir = baseenv())
  }
  identical(current_state(), service$state)
}
