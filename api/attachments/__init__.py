"""Files that callers send along: from the words of a request to files on this machine."""
