"""One family of URLs per file: check the key, decode, submit, encode."""
