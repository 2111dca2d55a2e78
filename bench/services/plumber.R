# The peer in R: the same model behind plumber, one process, as its documents have it. `Rscript plumber.R <port>`.
suppressPackageStartupMessages(library(plumber))

carsModel <- glm(formula = am ~ hp + wt, data = mtcars, family = binomial)
manualTransmission <- function(hp, wt) {
  newdata <- data.frame(hp = hp, wt = wt)
  predict(carsModel, newdata, type = "response")
}

router <- pr()
router <- pr_post(router, "/manualTransmission", function(hp, wt) {
  list(answer = manualTransmission(as.numeric(hp), as.numeric(wt)))
}, serializer = serializer_unboxed_json())
pr_run(router, host = "127.0.0.1", port = as.integer(commandArgs(TRUE)[1L]), docs = FALSE, quiet = TRUE)
