"""The one frozen tree of settings, and the only place that reads the environment and `.env`."""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from dotenv import dotenv_values
from pydantic import ValidationError

from domain.ports import Deadlines
from settings.fields import ROOT
from settings.group import Group
from settings.groups import (
    GROUPS,
    OTHER_NAMES,
    AccessSettings,
    BrowserSettings,
    ChatSettings,
    DeadlineSettings,
    EmbeddingSettings,
    FileSettings,
    LogSettings,
    ServerSettings,
    fields_of,
    setting_names,
)
from settings.sign_in import SignInSettings
from settings.wording import allowed, shown


class SettingsError(Exception):
    """A setting is unknown or has a value that cannot be used; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value as somebody wrote it: under which name, and where."""

    value: Any
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Build it with `load`; tests may build groups by hand."""

    server: ServerSettings = field(default_factory=ServerSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    browser: BrowserSettings = field(default_factory=BrowserSettings)
    budgets: DeadlineSettings = field(default_factory=DeadlineSettings)
    files: FileSettings = field(default_factory=FileSettings)
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    embeddings: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    logs: LogSettings = field(default_factory=LogSettings)
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where each value that is not a default was given, by setting name."""

    @property
    def api(self) -> tuple[ServerSettings, ChatSettings, FileSettings, EmbeddingSettings, AccessSettings]:
        """What the HTTP side takes."""
        return self.server, self.chat, self.files, self.embeddings, self.access

    @property
    def deadlines(self) -> Deadlines:
        return self.budgets.deadlines()

    @classmethod
    def load(
        cls,
        env: Mapping[str, str] | None = None,
        *,
        dotenv: Path | None = None,
        overrides: Mapping[str, object] | None = None,
        root: Path = ROOT,
    ) -> Self:
        """Read all sources; `overrides` has setting names as keys.

        `env` defaults to the process environment and `dotenv` to `.env` in `root`, which may be missing;
        an override of `None` was not given.

        Raises:
            SettingsError: the first setting, by source and order, that is unknown or cannot be used.
        """
        file = root / ".env" if dotenv is None else dotenv
        given = (
            _layer(_read_dotenv(file), file.name)
            | _layer(_ours(os.environ if env is None else env), "environment")
            | _layer({k: v for k, v in (overrides or {}).items() if v is not None}, "command line")
        )
        given = {name: one for name, one in given.items() if one.value != ""}
        groups = {attribute: _build(group, given, root) for attribute, group in GROUPS.items()}
        return cls(**groups, sources={name: one.source for name, one in given.items()})  # type: ignore[arg-type]

    def effective(self) -> dict[str, str]:
        """Every setting by name with its value as text, secrets masked; order as in the documentation."""
        return {
            name: shown(name, getattr(getattr(self, attribute), key))
            for attribute, group in GROUPS.items()
            for key, name, _ in fields_of(group)
        }


def _read_dotenv(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    known = setting_names()
    try:
        values = dotenv_values(file, interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{file.name} is not text in UTF-8 (byte {error.start}); save it as UTF-8."
        ) from None
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see docs/configuration.md"
            raise SettingsError(f"{name!r} in {file.name} is not a setting; {hint}")
    return {name: value or "" for name, value in values.items()}


def _ours(env: Mapping[str, str]) -> dict[str, str]:
    """What of an environment is meant for us: desktops put the path of a web browser into `BROWSER`."""
    ours = {name: env[name] for name in setting_names() if name in env}
    return {name: value for name, value in ours.items() if name != "BROWSER" or not set(value) & set("/\\")}


def _layer(values: Mapping[str, object], source: str) -> dict[str, Given]:
    ordered = sorted(values, key=lambda name: name not in OTHER_NAMES)
    return {OTHER_NAMES.get(name, name): Given(values[name], name, source) for name in ordered}


def _build(group: type[Group], given: Mapping[str, Given], root: Path) -> Group:
    values = {name: given[name].value for _, name, _ in fields_of(group) if name in given}
    try:
        return group.model_validate(values, context={"root": root})
    except ValidationError as error:
        raise SettingsError(_one_line(group, given, error)) from None


def _one_line(group: type[Group], given: Mapping[str, Given], error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    one = given[name]
    if first["type"] == "value_error":
        remedy = str(first["ctx"]["error"])
    else:
        remedy = "give " + next(allowed(info) for _, known, info in fields_of(group) if known == name)
    return f"{one.name}={shown(name, str(one.value))!r} ({one.source}): {remedy}"
