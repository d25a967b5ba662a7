"""Saved sign-ins: what they hold, where they lie, who uses one, and keeping the one in use alive."""
