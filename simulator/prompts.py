"""Saved prompts: stored by CreatePrompt and UpdatePrompt, read by ListPrompts and ResolveDriveResource."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from simulator.rejection import Rejection, wrong_shape
from simulator.sessions import Account

PREFIX = "prompts/"
NAME, SETTINGS, METADATA, LAST_SLOT = 0, 3, 4, 13
TITLE, OWNER, MODIFIED, RIGHTS = 0, 2, 4, 5


@dataclass(slots=True)
class PromptStore:
    """Prompts of all accounts, by e-mail and drive id, newest last."""

    saved: dict[str, dict[str, list[Any]]] = field(default_factory=dict)

    def create(self, body: Any, account: Account) -> list[Any]:
        prompt = _prompt(body)
        name = PREFIX + secrets.token_urlsafe(24)
        return self._store(name, prompt, account)

    def update(self, body: Any, account: Account) -> list[Any]:
        prompt = _prompt(body)
        name = prompt[NAME]
        if name not in self._of(account):
            raise Rejection(404, f"Prompt {name!r} does not exist.")
        return self._store(name, prompt, account)

    def resolve(self, body: Any, account: Account) -> list[Any]:
        drive_id = body[0] if isinstance(body, list) and body else None
        found = self._of(account).get(f"{PREFIX}{drive_id}")
        if found is None:
            raise Rejection(404, f"Prompt {drive_id!r} does not exist.")
        return found

    def listed(self, body: Any, account: Account) -> list[list[Any]]:
        """The index projection (no turns), newest first, at most the page size in slot 0."""
        size = body[0] if isinstance(body, list) and body and isinstance(body[0], int) else 100
        newest = list(self._of(account).values())[::-1][:size]
        return [prompt[: METADATA + 1] for prompt in newest]

    def _store(self, name: str, prompt: list[Any], account: Account) -> list[Any]:
        stored = prompt + [None] * (LAST_SLOT + 1 - len(prompt))
        stored[NAME] = name
        stored[METADATA] = _metadata(stored[METADATA], account)
        mine = self._of(account)
        mine.pop(name, None)
        mine[name] = stored
        return stored

    def _of(self, account: Account) -> dict[str, list[Any]]:
        return self.saved.setdefault(account.email, {})


def _prompt(body: Any) -> list[Any]:
    if not isinstance(body, list) or not body or not isinstance(body[0], list):
        raise wrong_shape("prompt", "MESSAGE", body)
    return list(body[0])


def _metadata(given: Any, account: Account) -> list[Any]:
    """What the page sent, with owner, time and rights as the server knows them."""
    metadata = list(given) if isinstance(given, list) else []
    metadata += [None] * (RIGHTS + 1 - len(metadata))
    seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
    metadata[TITLE] = metadata[TITLE] or "Untitled prompt"
    metadata[OWNER] = [account.name, 1, None]
    metadata[MODIFIED] = [[str(seconds), nanos], [account.name, 1, None]]
    metadata[RIGHTS] = [1, 1, 1]
    return metadata
