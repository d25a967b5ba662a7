"""Reaching addresses that callers name, without letting them reach into the gateway's own network."""
