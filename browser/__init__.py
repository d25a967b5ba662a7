"""Everything that touches a page or a browser process; knows nothing of HTTP."""
