"""A TLS-intercepting proxy in a process of its own: what the page hears of its answers is heard here too."""
