"""The deterministic model: from a decoded request to the beats of an answer. No I/O, no clock, no chance."""

from simulator.model.answers import answer_to

__all__ = ["answer_to"]
