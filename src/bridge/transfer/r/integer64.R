# Whole numbers of 64 bits, which the package bit64 keeps in the bits of doubles, as text, and back.

# The digits of the integers whose bits are in these doubles.
integer64_text <- function(x) {
  words <- matrix(readBin(writeBin(x, raw(), endian = "little"), "integer", 2L * length(x), endian = "little"), nrow = 2L)
  unsigned <- function(x) {
    x <- ifelse(is.na(x), -2147483648, as.double(x))
    ifelse(x < 0, x + 4294967296, x)
  }
  low <- unsigned(words[1L, ])
  high <- unsigned(words[2L, ])
  negative <- high >= 2147483648
  is_missing <- high == 2147483648 & low == 0
  # Two's complement; then in parts of 1e6, which doubles hold exactly.
  low[negative] <- 4294967296 - low[negative]
  high[negative] <- 4294967295 - high[negative] + (low[negative] == 4294967296)
  low[low == 4294967296] <- 0
  below <- (high * 967296 + low)
  units <- below %% 1e6
  middle <- floor(below / 1e6) + high * 4294
  text <- ifelse(middle > 0, paste0(sprintf("%.0f", middle), sprintf("%06.0f", units)), sprintf("%.0f", units))
  text[negative] <- paste0("-", text[negative])
  text[is_missing] <- NA
  text
}

integer64_of <- function(text) {
  digits <- sub("^-", "", text)
  digits[is.na(digits)] <- "0"
  width <- nchar(digits)
  units <- as.numeric(substr(digits, pmax(1L, width - 5L), width))
  middle <- ifelse(width > 6L, substr(digits, 1L, width - 6L), "0")
  middle <- as.numeric(middle)
  # middle * 1e6 + units, in words of 32 bits: middle is below 2^44.
  upper <- floor(middle / 65536)
  lower <- middle %% 65536
  low_sum <- lower * 1e6 + units
  scaled <- upper * 1e6
  carry <- floor(low_sum / 65536)
  scaled <- scaled + carry
  low <- (scaled %% 65536) * 65536 + low_sum %% 65536
  high <- floor(scaled / 65536)
  negative <- !is.na(text) & grepl("^-", text)
  flip <- negative & low != 0
  high[negative] <- 4294967296 - high[negative] - flip[negative]
  low[flip] <- 4294967296 - low[flip]
  high[negative] <- high[negative] %% 4294967296
  high[is.na(text)] <- 2147483648
  low[is.na(text)] <- 0
  signed <- function(x) ifelse(x == 2147483648, NA, ifelse(x > 2147483648, x - 4294967296, x))
  words <- as.vector(rbind(as.integer(signed(low)), as.integer(signed(high))))
  readBin(writeBin(words, raw(), endian = "little"), "double", length(text), endian = "little")
}
