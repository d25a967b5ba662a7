"""Keys, the admin token, and from where the gateway may be called."""
