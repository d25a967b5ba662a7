"""Files that callers upload and refer to later: the store, uploads in pieces, and what a file is."""
