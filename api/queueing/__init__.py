"""Accepted requests: jobs, the bounded queue, the worker that serves it, and the board that shows it."""
