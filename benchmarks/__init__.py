"""What the gateway costs, measured against the simulator: `make bench`."""
