# Reads the model of a realtime service from its file and predicts with it. Runs once, when the service is loaded; leaves
# one hidden object in the workspace.
.realtime <- local({
  read_model <- function(path) {
    # readRDS() takes what serialize() and saveRDS() write, in any compression; load() what save() writes.
    tryCatch(readRDS(path), error = function(failure) {
      objects <- new.env()
      names <- tryCatch(load(path, envir = objects), error = function(other) stop(failure))
      if (length(names) != 1L) stop("the file holds ", length(names), " objects, not one model")
      get(names, envir = objects)
    })
  }

  # Packages whose predict() methods models need; those of base R are always there.
  packages <- list(
    C50 = "C5.0", Cubist = "cubist", MASS = c("lda", "polr", "qda", "rlm"), caret = "train",
    e1071 = c("naiveBayes", "svm"), earth = "earth", gbm = "gbm", glmnet = c("cv.glmnet", "glmnet"),
    ipred = c("classbagg", "regbagg"), lightgbm = "lgb.Booster", mgcv = c("bam", "gam"),
    nlme = c("gls", "lme"), nnet = c("multinom", "nnet"), partykit = c("constparty", "party"),
    pls = "mvr", randomForest = "randomForest", ranger = "ranger", rpart = "rpart",
    survival = c("coxph", "survreg"), tree = "tree", xgboost = "xgb.Booster"
  )

  load_package <- function(model) {
    is_of <- vapply(packages, function(classes) inherits(model, classes), NA)
    wanted <- c(attr(class(model), "package"), names(packages)[is_of])
    for (package in setdiff(wanted, ".GlobalEnv")) {
      if (requireNamespace(package, quietly = TRUE)) next
      stop("the model needs the package ", package, ", which is not installed")
    }
  }

  check_model <- function(model) {
    has_method <- function(name) {
      !is.null(utils::getS3method("predict", name, optional = TRUE))
    }
    if (isS4(model) || any(vapply(class(model), has_method, NA))) return(invisible())
    stop("there is no predict() for an object of class ", paste(class(model), collapse = ", "))
  }

  levels_of <- function(model) {
    if (!is.list(model)) return(list())
    found <- model[["xlevels"]]
    if (is.null(found)) found <- attr(model, "xlevels")
    if (is.null(found) && is.list(model[["forest"]])) found <- model[["forest"]][["xlevels"]]
    Filter(is.character, as.list(found))
  }

  # Strings become the factors that the model was fitted with.
  as_newdata <- function(data) {
    data <- as.data.frame(data, stringsAsFactors = FALSE)
    for (name in intersect(names(known_levels), names(data))) {
      values <- as.character(data[[name]])
      unknown <- setdiff(values, c(known_levels[[name]], NA))
      if (length(unknown) > 0L) {
        stop("column ", name, " has values which the model does not know: ",
             paste(utils::head(unknown, 5L), collapse = ", "))
      }
      data[[name]] <- factor(values, levels = known_levels[[name]])
    }
    data
  }

  predicted <- function(data) {
    if (inherits(model, "ranger")) return(stats::predict(model, data = data)$predictions)
    if (inherits(model, "glm")) return(stats::predict(model, newdata = data, type = "response"))
    if (inherits(model, c("glmnet", "cv.glmnet"))) {
      return(stats::predict(model, newx = as.matrix(data), type = "response"))
    }
    stats::predict(model, newdata = data)
  }

  # The name that rxPredict gives: the response and "_Pred".
  name_of_prediction <- function() {
    formula <- tryCatch(stats::formula(model), error = function(failure) NULL)
    names <- if (length(formula) == 3L) all.vars(formula[[2L]])
    if (length(names) == 0L) "Score" else paste0(names[[1L]], "_Pred")
  }

  as_columns <- function(values) {
    if (is.data.frame(values)) return(values)
    if (is.matrix(values)) {
      columns <- as.data.frame(unclass(values), stringsAsFactors = FALSE)
      if (is.null(colnames(values))) names(columns) <- paste0("Score.", seq_along(columns) - 1L)
      return(columns)
    }
    if (is.factor(values)) values <- as.character(values)
    stats::setNames(
      data.frame(as.vector(values), stringsAsFactors = FALSE), name_of_prediction()
    )
  }

  model <- read_model("model.bin")
  load_package(model)
  check_model(model)
  known_levels <- levels_of(model)
  list(score = function(data) as_columns(predicted(as_newdata(data))))
})
