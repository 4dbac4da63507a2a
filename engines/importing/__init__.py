"""Models of other people made catalogue entries: read, probed, written as a typed graph, proved."""
