"""Looks at every control of the live page and says how each was found."""
