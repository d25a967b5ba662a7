"""What is written to the log: whose request a line belongs to, how it looks, and what never stands in it."""
