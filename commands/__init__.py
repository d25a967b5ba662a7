"""What the launcher can do: serve, one module a subcommand, and the command line they hang on.

A subcommand's module has `add_to(subcommands)`, which adds a parser whose `run` is a `Command`; it is listed
in `commands.command_line`. It prints what it has to say and returns the exit status. Like the launcher it may
see every side, and no side imports it.
"""
