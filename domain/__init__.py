"""What the gateway talks about, free of HTTP and of browsers: requests, events, errors, models, ports."""
