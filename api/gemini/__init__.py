"""Google's own protocol: how its clients are recognised and how failures are told to them."""
