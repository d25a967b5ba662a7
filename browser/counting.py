"""Counters of the driver, as seen by whoever has something to count."""

from collections.abc import Callable

Count = Callable[[str], None]
"""Adds one to a counter by name: `drift.<area>`, `late_chunks`, `sessions_renewed`, …"""
