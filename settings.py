"""The one frozen tree of settings, and the only place that reads the environment and `.env`.

Every setting is one field: its `validation_alias` is the name users write, its docstring is what
`docs/configuration.md` says about it. Precedence: command line, environment, `.env`, default. An empty value
means the default. Relative paths start at the folder of this file.
"""

import difflib
import os
import re
import shlex
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le
from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic import ValidationInfo as Info
from pydantic.fields import FieldInfo

from domain.ports import Deadlines

ROOT = Path(__file__).resolve().parent
"""The project's folder: where relative paths start and `.env` is looked for."""

OTHER_NAMES: Mapping[str, str] = {"DEFAULT_FASTAPI_PORT": "PORT"}
"""Second names of a setting, each with its first; where both are given in one place, the first name wins."""

SECRET_QUERY = re.compile(r"(?i)([?&;](?:[\w-]*(?:token|key|pass|password|secret|auth|sid))=)[^&\s]+")


class SettingsError(Exception):
    """A setting is unknown or has a value that cannot be used; the text is one line for the user."""


def _rooted(path: Path, info: Info) -> Path:
    root: Path = (info.context or {}).get("root", ROOT)
    return root / path.expanduser()


def _existing(path: Path, info: Info) -> Path:
    found = _rooted(path, info)
    if not found.is_file():
        raise ValueError(f"there is no file {str(found)!r}")
    return found


def _profile(value: object, info: Info) -> object:
    """A bare name means a file in `auth_profiles/`; anything with a slash, or an existing file, is a path."""
    if not isinstance(value, str) or "/" in value or "\\" in value:
        return value
    root: Path = (info.context or {}).get("root", ROOT)
    if value.endswith(".json") and (root / value).is_file():
        return value
    return root / "auth_profiles" / (value if value.endswith(".json") else f"{value}.json")


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("give an address like 'https://aistudio.google.com'")
    return value.rstrip("/")


def _socket_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"ws", "wss", "http", "https"} or not parts.hostname:
        raise ValueError("give an address like 'ws://127.0.0.1:9222/' (ws, wss, http or https)")
    return value


def _switched_off(value: int | str, info: Info) -> int | str:
    if value:
        what = {"stream_port": "the stream proxy", "helper_endpoint": "the helper endpoint"}
        off = "set it to 0" if isinstance(value, int) else "leave it empty"
        raise ValueError(f"{what[str(info.field_name)]} is not part of this version; {off}")
    return value


RootedPath = Annotated[Path, AfterValidator(_rooted)]
ExistingFile = Annotated[Path, AfterValidator(_existing)]
ProfileFile = Annotated[Path, AfterValidator(_existing), BeforeValidator(_profile)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
SocketAddress = Annotated[str, AfterValidator(_socket_address)]
Words = BeforeValidator(lambda value: tuple(shlex.split(value)) if isinstance(value, str) else value)
LowerCase = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
UpperCase = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)


class Group(BaseModel):
    """Settings that are handed out together."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


class ServerSettings(Group):
    """What clients connect to."""

    host: str = Field(default="127.0.0.1", validation_alias="HOST", pattern=r"^[^\s/]+$", examples=["::1"])
    """Address the gateway listens on. Anything but loopback needs API keys."""
    port: int = Field(default=2048, validation_alias="PORT", ge=0, le=65535)
    """Port the gateway listens on; 0 takes a free one. `DEFAULT_FASTAPI_PORT` is a second name."""
    queue_size: int = Field(default=32, validation_alias="QUEUE_SIZE", ge=1, le=10_000)
    """How many requests may wait; one more is answered 429."""
    keep_alive: float = Field(default=8.0, validation_alias="KEEP_ALIVE_SECONDS", gt=0, le=10)
    """Longest silence of an open stream, in seconds, before a keep-alive is sent."""
    key_file: RootedPath = Field(default=Path("auth_profiles/key.txt"), validation_alias="KEY_FILE")
    """API keys, one a line, `#` for comments. No file or an empty one: no key is asked for."""
    open_status: bool = Field(default=False, validation_alias="OPEN_STATUS")
    """Answer `/v1/queue` and `/v1/cancel` without a key also to other machines."""
    require_key_everywhere: bool = Field(default=False, validation_alias="REQUIRE_KEY_EVERYWHERE")
    """Ask for a key, where there are keys, on every endpoint but `/health`."""
    default_model: str = Field(default="gemini-2.5-flash", validation_alias="DEFAULT_MODEL", min_length=1)
    """Model of a request that names none."""
    max_body_bytes: int = Field(default=64 * 1024 * 1024, validation_alias="MAX_BODY_BYTES", ge=1024)
    """Largest request body, in bytes."""
    excluded_models_file: RootedPath = Field(
        default=Path("excluded_models.txt"), validation_alias="EXCLUDED_MODELS_FILE"
    )
    """Model ids that are left out of `/v1/models`, one a line; the file may be missing."""


class BrowserSettings(Group):
    """Which browser, which page, which sign-in."""

    engine: Annotated[Literal["auto", "camoufox", "chromium", "firefox"], LowerCase] = Field(
        default="auto", validation_alias="BROWSER"
    )
    """Engine. `auto` takes Camoufox when it is installed, else Chromium, else Firefox. In the environment a
    value with a slash is another program's `BROWSER` and is ignored."""
    executable: ExistingFile | None = Field(default=None, validation_alias="BROWSER_EXECUTABLE")
    """Browser program to start instead of the one that is found."""
    args: Annotated[tuple[str, ...], Words] = Field(default=(), validation_alias="BROWSER_ARGS")
    """Further command line arguments of the browser, separated as a shell separates them."""
    ws_endpoint: SocketAddress | None = Field(default=None, validation_alias="BROWSER_WS_ENDPOINT")
    """Connect to this running browser instead of starting one."""
    ignore_https_errors: bool = Field(default=False, validation_alias="IGNORE_HTTPS_ERRORS")
    """Accept any certificate of the page."""
    mode: Annotated[Literal["headless", "headed", "virtual"], LowerCase] = Field(
        default="headless", validation_alias="BROWSER_MODE"
    )
    """Without a window, with one, or with one on a virtual display (`--headless`, `--debug`,
    `--virtual-display`)."""
    ai_studio_url: WebAddress = Field(default="https://aistudio.google.com", validation_alias="AI_STUDIO_URL")
    """Where AI Studio is."""
    auth_profile: ProfileFile | None = Field(default=None, validation_alias="AUTH_PROFILE")
    """Saved sign-in, a Playwright storage-state file: a name in `auth_profiles/` or a path."""
    tabs: int = Field(default=2, validation_alias="TABS", ge=1, le=4)
    """Tabs on the page: one generates while the others are made ready."""
    temporary_chat: bool = Field(default=True, validation_alias="TEMPORARY_CHAT")
    """Keep chats out of the account's history."""
    strict_controls: bool = Field(default=False, validation_alias="STRICT_CONTROLS")
    """Fail a request also when a mere default cannot be set on the page, instead of warning."""
    selectors_file: ExistingFile | None = Field(default=None, validation_alias="SELECTORS_FILE")
    """JSON file whose entries replace the built-in selectors of the page."""
    capture: Annotated[Literal["auto", "cdp", "in_page"], LowerCase] = Field(
        default="auto", validation_alias="CAPTURE"
    )
    """How answers are heard; `auto` takes the best one that the engine can do."""
    evidence_dir: RootedPath = Field(default=Path("logs/evidence"), validation_alias="EVIDENCE_DIR")
    """Where screenshots and snapshots of a page that was not understood are kept."""


class DeadlineSettings(Group):
    """How long each stage of a request may take."""

    queue: float = Field(default=600, validation_alias="QUEUE_TIMEOUT_SECONDS", gt=0)
    """Waiting for a turn, in seconds."""
    ready: float = Field(default=60, validation_alias="PAGE_READY_TIMEOUT_SECONDS", gt=0)
    """Getting a clean page and putting the request on it, in seconds."""
    submit: float = Field(default=15, validation_alias="SUBMIT_TIMEOUT_SECONDS", gt=0)
    """From pressing Run to the page's own request, in seconds."""
    first_event: float = Field(default=120, validation_alias="FIRST_EVENT_TIMEOUT_SECONDS", gt=0)
    """From that request to the first sign of the answer, in seconds."""
    idle: float = Field(default=120, validation_alias="IDLE_TIMEOUT_SECONDS", gt=0)
    """Longest silence inside an answer, in seconds."""
    total_ms: float = Field(default=300_000, validation_alias="RESPONSE_COMPLETION_TIMEOUT", gt=0)
    """From pressing Run to the end of the answer, in milliseconds."""

    def deadlines(self) -> Deadlines:
        """The same budgets as the rest of the code knows them: all in seconds."""
        return Deadlines(**self.model_dump(exclude={"total_ms"}), total=self.total_ms / 1000)


class FileSettings(Group):
    """Files that callers send along. This version refuses attachments, so neither has an effect yet."""

    upload_dir: RootedPath = Field(default=Path("upload_files"), validation_alias="UPLOAD_FILES_DIR")
    """Where files of callers are kept while a request needs them."""
    only_current_user_attachments: bool = Field(
        default=False, validation_alias="ONLY_COLLECT_CURRENT_USER_ATTACHMENTS"
    )
    """Take attachments from the last user message alone."""


class LogSettings(Group):
    """What is written to the log."""

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], UpperCase] = Field(
        default="INFO", validation_alias="SERVER_LOG_LEVEL"
    )
    """Least severe lines that are logged."""
    debug: bool = Field(default=False, validation_alias="DEBUG_LOGS_ENABLED")
    """Log the gateway's own debug lines, whatever the level."""
    trace: bool = Field(default=False, validation_alias="TRACE_LOGS_ENABLED")
    """Log the debug lines of every library as well."""


class CaptureSettings(Group):
    """Further ways of hearing an answer, known by name and not part of this version."""

    stream_port: Annotated[int, AfterValidator(_switched_off)] = Field(
        default=0, validation_alias="STREAM_PORT", ge=0, le=65535
    )
    """Port of the stream proxy. Only 0, which is off, is accepted."""
    helper_endpoint: Annotated[str, AfterValidator(_switched_off)] = Field(
        default="", validation_alias="GUI_DEFAULT_HELPER_ENDPOINT"
    )
    """Address of an external helper. Only an empty value is accepted."""


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
    browser: BrowserSettings = field(default_factory=BrowserSettings)
    budgets: DeadlineSettings = field(default_factory=DeadlineSettings)
    files: FileSettings = field(default_factory=FileSettings)
    logs: LogSettings = field(default_factory=LogSettings)
    captures: CaptureSettings = field(default_factory=CaptureSettings)
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where each value that is not a default was given, by setting name."""

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


GROUPS: Mapping[str, type[Group]] = {
    "server": ServerSettings,
    "browser": BrowserSettings,
    "budgets": DeadlineSettings,
    "files": FileSettings,
    "logs": LogSettings,
    "captures": CaptureSettings,
}


def fields_of(group: type[Group]) -> list[tuple[str, str, FieldInfo]]:
    """(attribute, setting name, field) of every setting of a group."""
    return [(key, str(info.validation_alias), info) for key, info in group.model_fields.items()]


def setting_names() -> tuple[str, ...]:
    """Every name that may stand in `.env`, second names last."""
    return (*(name for group in GROUPS.values() for _, name, _ in fields_of(group)), *OTHER_NAMES)


def allowed(info: FieldInfo) -> str:
    """What a setting takes, in words."""
    kind = info.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        *most, last = get_args(kind)
        return f"{', '.join(most)} or {last}"
    if kind in (int, float):
        return _number(info, "a whole number" if kind is int else "a number")
    words = {bool: "true or false", Path: "a path"}
    text = f"text like {info.examples[0]}" if info.examples else "text"
    return words.get(kind, text) if isinstance(kind, type) else "arguments"


def shown(name: str, value: object) -> str:
    """A value as text that may be printed: passwords and tokens are masked."""
    if isinstance(value, tuple):
        value = shlex.join(value)
    if isinstance(value, bool):
        value = str(value).lower()
    text = "" if value is None else str(value)
    text = re.sub(r"//[^/@\s]+@", "//****@", text)
    text = SECRET_QUERY.sub(r"\1****", text)
    if name == "BROWSER_WS_ENDPOINT":  # its path is what lets somebody in
        text = re.sub(r"^(\w+://[^/?]+|[^/?:]+(?::\d+)?)[/?]+[^/?].*", r"\1/****", text)
    return text


def _number(info: FieldInfo, words: str) -> str:
    for limit in info.metadata:
        match limit:
            case Ge(ge=low):
                words += f" from {low}"
            case Gt(gt=low):
                words += f" above {low}"
            case Le(le=high):
                words += f" up to {high}"
    return words


def _read_dotenv(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    known = setting_names()
    values = dotenv_values(file, interpolate=False, encoding="utf-8-sig")
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
