"""What argparse gives no public name."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import argparse

Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001
"""Where subparsers are added."""
