# Reference values for test_stats.lua, from R's own functions:
#   Rscript statistics.R > statistics.lua
set.seed(20260101)

number <- function(x) formatC(x, digits = 17, format = "g", width = 1)
text <- function(x) if (length(x) == 1) number(x) else paste0("{ ", paste(number(x), collapse = ", "), " }")
record <- function(...) {
  fields <- sapply(list(...), text)
  body <- paste(names(fields), fields, sep = " = ", collapse = ", ")
  cat(strwrap(paste0("{ ", body, " },"), 96, indent = 2, exdent = 4), sep = "\n")
}
section <- function(name, body) { cat("reference.", name, " = {\n", sep = ""); body(); cat("}\n\n") }

cat("-- Printed by statistics.R (", R.version.string, "); do not edit.\n", sep = "")
cat("local reference = {}\n\n")

section("cumulative", function() {
  for (n in c(1, 6, 15, 30, 200)) for (p in c(0.03, 0.5, 0.9)) for (k in unique(floor(c(0, n / 3, n - 1))))
    record(k = k, n = n, p = p, value = pbinom(k, n, p))
})

section("sign_test", function() {
  for (n in c(1, 5, 6, 15, 30)) for (x in unique(floor(c(0, n / 4, n / 2, n))))
    record(positive = x, total = n, p = binom.test(x, n)$p.value)
})

# The sign test's interval: the widest central order statistics whose coverage is at least 1 - alpha.
interval <- function(x, alpha) {
  n <- length(x)
  k <- max(c(0, Filter(function(k) 2 * pbinom(k - 1, n, 0.5) <= alpha, 1:(n %/% 2))))
  list(rank = k, low = sort(x)[k], high = sort(x)[n + 1 - k], confidence = 1 - 2 * pbinom(k - 1, n, 0.5))
}

section("interval", function() {
  for (n in c(6, 15, 16, 30)) for (alpha in c(0.05, 0.2)) {
    x <- rnorm(n)
    i <- interval(x, alpha)
    record(values = x, alpha = alpha, rank = i$rank, low = i$low, high = i$high, confidence = i$confidence)
  }
})

section("quantile", function() {
  for (n in c(2, 7, 20)) {
    x <- rexp(n)
    record(values = x, p = c(0, 0.1, 0.5, 0.93, 1), result = unname(quantile(x, c(0, 0.1, 0.5, 0.93, 1), type = 7)))
  }
})

section("holm", function() {
  for (n in c(2, 5, 12)) {
    p <- round(rbeta(n, 0.5, 3), 4)
    record(p = p, adjusted = p.adjust(p, "holm"))
  }
})

section("paired", function() {
  for (n in c(6, 15, 24)) {
    base <- rlnorm(n, 3, 0.1)
    against <- base * rlnorm(n, 0.05, 0.04)
    d <- log(against / base)
    i <- interval(d, 0.05)
    record(base = base, against = against, ratio = exp(median(d)), low = exp(i$low), high = exp(i$high),
           p = binom.test(sum(d > 0), n)$p.value)
  }
})

# A shift is found when all but rank - 1 of the differences point its way; four times of five.
section("mde", function() {
  for (n in c(8, 15, 30)) for (alpha in c(0.05, 0.05 / 4)) {
    x <- rnorm(n, 0.02, 0.03)
    k <- max(c(0, Filter(function(k) 2 * pbinom(k - 1, n, 0.5) <= alpha, 1:(n %/% 2))))
    p <- uniroot(function(p) pbinom(k - 1, n, 1 - p) - 0.8, c(0.5, 1), tol = 1e-14)$root
    record(logs = x, alpha = alpha,
           mde = exp(unname(quantile(abs(x - median(x)), 2 * p - 1, type = 7))) - 1)
  }
})

cat("return reference\n")
