"""The site's wire format, without I/O: bytes in, events out. Imports neither playwright nor pages."""
