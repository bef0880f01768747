"""Statistics: tests, intervals and histograms, each with its source."""
