"""Who sent a request."""

from dataclasses import dataclass

from api.access.usage import Spent
from domain.events import Usage


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller that was let in, with a key or without."""

    name: str = ""
    """The key's name, never the key; empty without one."""
    owner: str = ""
    """Whose files it means: the key's digest, empty where no key is asked for."""
    account: Spent | None = None

    def spend(self, usage: Usage) -> None:
        """Count the tokens of one generation."""
        if self.account is not None:
            self.account.tokens(usage)


ANYBODY = Caller()
