"""Vectors of texts, from a configured official endpoint: the page has none."""
