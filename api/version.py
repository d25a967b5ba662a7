"""Name and version as callers see them; a test keeps the version equal to the package's."""

from typing import Final

NAME: Final = "aistudio-gateway"
VERSION: Final = "0.1.0"
