"""The ordered steps that put a request on the page and hear its answer."""
