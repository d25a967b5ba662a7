"""Every setting: one field each, in groups that are handed out together; `sign_in.py` has one of them.

A field's `validation_alias` is the name users write, its docstring is what `docs/configuration.md` says.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo

from domain.ports import Deadlines
from settings.fields import (
    ExistingFile,
    HostName,
    LowerCase,
    PageOrigin,
    ProfileFile,
    ProxyAddress,
    RootedPath,
    SocketAddress,
    UpperCase,
    WebAddress,
    Words,
    each_once,
    needs_endpoint,
    needs_stream_port,
    proxied_here,
)
from settings.group import Group
from settings.sign_in import SignInSettings

CaptureWord = Literal["auto", "cdp", "in_page", "proxy", "helper", "dom"]
"""What `CAPTURE` is made of; behind `auto` in the order that it stands for."""

OTHER_NAMES: Mapping[str, str] = {"DEFAULT_FASTAPI_PORT": "PORT"}
"""Second names of a setting, each with its first; where both are given in one place, the first name wins."""


class ServerSettings(Group):
    """What clients connect to."""

    host: str = Field(default="127.0.0.1", validation_alias="HOST", pattern=r"^[^\s/]+$", examples=["::1"])
    """Address the gateway listens on. Anything but loopback needs API keys, or `ALLOW_OPEN_ACCESS`."""
    port: int = Field(default=2048, validation_alias="PORT", ge=0, le=65535)
    """Port the gateway listens on; 0 takes a free one. `DEFAULT_FASTAPI_PORT` is a second name."""
    queue_size: int = Field(default=32, validation_alias="QUEUE_SIZE", ge=1, le=10_000)
    """How many requests may wait; one more is answered 429."""
    max_connections: int = Field(default=512, validation_alias="MAX_CONNECTIONS", ge=8)
    """How many connections may be open at once. One more closes the one whose client was waited for longest;
    where all are busy it is answered 503."""
    keep_alive: float = Field(default=8.0, validation_alias="KEEP_ALIVE_SECONDS", gt=0, le=10)
    """Longest silence of an open stream, in seconds, before a keep-alive is sent."""
    default_model: str = Field(default="gemini-2.5-flash", validation_alias="DEFAULT_MODEL", min_length=1)
    """Model of a request that names none."""
    max_body_bytes: int = Field(default=512 * 1024 * 1024, validation_alias="MAX_BODY_BYTES", ge=1024)
    """Largest request body, in bytes. What is no file of a JSON body may have 64 MiB at most."""
    base_path: str = Field(
        default="",
        validation_alias="BASE_PATH",
        pattern=r"^(/[^\s?#]*[^\s/?#])?$",
        examples=["/antigravity"],
    )
    """Prefix under which every route answers as well, without a slash at its end."""
    excluded_models_file: RootedPath = Field(
        default=Path("excluded_models.txt"), validation_alias="EXCLUDED_MODELS_FILE"
    )
    """Model ids that are left out of `/v1/models`, one a line; the file may be missing."""


class AccessSettings(Group):
    """Who may call what, and from where."""

    key_file: RootedPath = Field(default=Path("auth_profiles/key.txt"), validation_alias="KEY_FILE")
    """API keys, one a line, `#` for comments. Read again when it changes."""
    named_keys_file: RootedPath = Field(
        default=Path("auth_profiles/keys.json"), validation_alias="NAMED_KEYS_FILE"
    )
    """API keys with names, stored hashed. The gateway writes it; their use is counted in a file beside it."""
    requests_per_minute: int = Field(default=0, validation_alias="KEY_REQUESTS_PER_MINUTE", ge=0)
    """How often one key may call in a minute; 0: as often as it likes. A named key may have its own limit."""
    open_status: bool = Field(default=False, validation_alias="OPEN_STATUS")
    """Answer `/v1/queue` and `/v1/cancel` without a key also to other machines."""
    require_key_everywhere: bool = Field(default=False, validation_alias="REQUIRE_KEY_EVERYWHERE")
    """Ask for a key, where there are keys, on every endpoint but `/health`."""
    allow_open_access: bool = Field(default=False, validation_alias="ALLOW_OPEN_ACCESS")
    """Listen on an address that other machines reach also without any key: whoever reaches it may use it."""
    allowed_hosts: Annotated[tuple[HostName, ...], Words] = Field(
        default=(), validation_alias="ALLOWED_HOSTS"
    )
    """Further names, separated by blanks, under which the gateway may be called, as that of a reverse proxy;
    `*.example.com` for all below one, `*` for any."""
    cors_origins: Annotated[tuple[PageOrigin, ...], Words] = Field(
        default=(), validation_alias="CORS_ORIGINS"
    )
    """Origins of web pages that may call the API, like `https://chat.example`, separated by blanks; `*` for
    any. Empty: none."""
    admin_token_file: RootedPath = Field(
        default=Path("auth_profiles/admin_token"), validation_alias="ADMIN_TOKEN_FILE"
    )
    """The admin token; made at the first start."""


class ChatSettings(Group):
    """How chat requests are read and served."""

    strict_parameters: bool = Field(default=False, validation_alias="STRICT_PARAMETERS")
    """Refuse parameters that have no effect on the page with 400, instead of naming them in
    `X-Gateway-Ignored-Params`."""
    model_aliases_file: RootedPath = Field(
        default=Path("model_aliases.txt"), validation_alias="MODEL_ALIASES_FILE"
    )
    """Names of your own for models, one `name = model` a line; the file may be missing."""
    function_calling_mode: Annotated[Literal["auto", "native", "emulated"], LowerCase] = Field(
        default="auto", validation_alias="FUNCTION_CALLING_MODE"
    )
    """`native` declares functions on the page, `emulated` describes them to the model in words, `auto` takes
    the page's own way where the model has it."""
    mcp_allowed_hosts: Annotated[tuple[str, ...], Words] = Field(
        default=(), validation_alias="MCP_ALLOWED_HOSTS"
    )
    """Hosts, each with or without `:port`, that `mcp_endpoint` may name, separated by blanks. Empty: every
    public address; machines of the own network must be listed."""
    mcp_max_rounds: int = Field(default=8, validation_alias="MCP_MAX_ROUNDS", ge=1, le=100)
    """How many times one request may call tools of its MCP endpoint before it fails."""
    mcp_timeout: float = Field(default=30, validation_alias="MCP_TIMEOUT_SECONDS", gt=0)
    """Longest wait for one answer of an MCP endpoint, in seconds."""


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
    proxy: ProxyAddress | None = Field(
        default=None, validation_alias="UNIFIED_PROXY_CONFIG", examples=["http://user:password@host:3128"]
    )
    """Proxy that the browser reaches the site through: http, https or socks5; this machine itself is reached
    without it. See [network.md](network.md)."""
    stream_port: Annotated[int, AfterValidator(proxied_here)] = Field(
        default=0, validation_alias="STREAM_PORT", ge=0, le=65535
    )
    """Port of the stream proxy; 0 is off. Needs `make proxy`; see [network.md](network.md)."""
    stream_ca_dir: RootedPath = Field(default=Path("stream_ca"), validation_alias="STREAM_CA_DIR")
    """Where the stream proxy keeps the key of its certificates. Only the gateway's own browser trusts it."""
    stream_trusted_ca_file: ExistingFile | None = Field(
        default=None, validation_alias="STREAM_TRUSTED_CA_FILE"
    )
    """PEM file of the authorities that the stream proxy believes, instead of the public ones."""
    ignore_https_errors: bool = Field(default=False, validation_alias="IGNORE_HTTPS_ERRORS")
    """Accept any certificate of the page."""
    mode: Annotated[Literal["headless", "headed", "virtual"], LowerCase] = Field(
        default="headless", validation_alias="BROWSER_MODE"
    )
    """Without a window, with one, or with one on a virtual display (`--headless`, `--debug`,
    `--virtual-display`)."""
    virtual_display_size: str = Field(
        default="1920x1080",
        validation_alias="VIRTUAL_DISPLAY_SIZE",
        pattern=r"^[1-9]\d{2,4}x[1-9]\d{2,4}$",
        examples=["1920x1080"],
    )
    """Width and height of the virtual display, in pixels."""
    camoufox_locales: Annotated[tuple[str, ...], Words] = Field(
        default=(), validation_alias="CAMOUFOX_LOCALES", examples=["en-US de-DE"]
    )
    """Languages that Camoufox tells sites, best first, separated by blanks; the page's controls are found by
    their English labels, so begin with English. Empty: Camoufox's own choice."""
    camoufox_geoip: bool = Field(default=False, validation_alias="CAMOUFOX_GEOIP")
    """Camoufox tells sites the place, time zone and language of the address it is seen from. That address is
    asked of a public service, through the proxy where there is one."""
    ai_studio_url: WebAddress = Field(default="https://aistudio.google.com", validation_alias="AI_STUDIO_URL")
    """Where AI Studio is."""
    auth_profiles_dir: RootedPath = Field(default=Path("auth_profiles"), validation_alias="AUTH_PROFILES_DIR")
    """Where saved sign-ins are kept."""
    auth_profile: ProfileFile | None = Field(default=None, validation_alias="AUTH_PROFILE")
    """Saved sign-in (`--profile`), a Playwright storage-state file: a name in `AUTH_PROFILES_DIR` or a path.
    Without it the only one that is there is taken."""
    tabs: int = Field(default=2, validation_alias="TABS", ge=1, le=4)
    """Tabs on the page: one generates while the others are made ready."""
    temporary_chat: bool = Field(default=True, validation_alias="TEMPORARY_CHAT")
    """Keep chats out of the account's history."""
    continue_conversations: bool = Field(default=True, validation_alias="CONTINUE_CONVERSATIONS")
    """Send the next message of a conversation that a tab still shows as a turn of its own, instead of the
    whole conversation anew. Needs at least two tabs."""
    large_prompt: Annotated[Literal["auto", "inline", "attach"], LowerCase] = Field(
        default="auto", validation_alias="LARGE_PROMPT"
    )
    """Where the text of a large prompt goes: `inline` into the prompt box, `attach` into an attached text
    file; `auto` also attaches a text of any size that the box does not take as it is."""
    large_prompt_chars: int = Field(default=2_500_000, validation_alias="LARGE_PROMPT_CHARS", ge=1)
    """More characters than this make a prompt large."""
    strict_controls: bool = Field(default=False, validation_alias="STRICT_CONTROLS")
    """Fail a request also when a mere default cannot be set on the page, instead of warning."""
    selectors_file: ExistingFile | None = Field(default=None, validation_alias="SELECTORS_FILE")
    """JSON file whose entries replace the built-in selectors of the page."""
    helper_endpoint: WebAddress | Literal[""] = Field(
        default="", validation_alias="GUI_DEFAULT_HELPER_ENDPOINT", examples=["http://127.0.0.1:9000/answers"]
    )
    """Address of a program of yours that hears answers; see [helper.md](helper.md). Empty: there is none."""
    helper_cookies: Annotated[Literal["loopback", "never", "always"], LowerCase] = Field(
        default="loopback", validation_alias="HELPER_COOKIES"
    )
    """Whether the helper is given the page's cookies, which are the sign-in: one on this machine alone, none,
    or any."""
    capture: Annotated[
        tuple[CaptureWord, ...],
        AfterValidator(each_once),
        AfterValidator(needs_stream_port),
        AfterValidator(needs_endpoint),
        Words,
        LowerCase,
    ] = Field(default=("auto",), validation_alias="CAPTURE", min_length=1)
    """How answers are heard, first to last, separated by blanks: from the browser's network stream (`cdp`,
    Chromium), by a hook in the page's own requests (`in_page`), in the stream proxy (`proxy`, with
    `STREAM_PORT`), by an external `helper`, or read from the page (`dom`: not streamed, without token
    counts). `auto` stands for all that are not named beside it, in this order. A later one takes over from
    one that fails or is deaf, as long as nothing was sent."""
    capture_fallback: float = Field(default=10, validation_alias="CAPTURE_FALLBACK_SECONDS", gt=0)
    """How long a capture may hear nothing, in seconds, before the page is asked whether it shows an answer.
    If so, the next one in `CAPTURE` takes over."""
    when_signed_out: Annotated[Literal["fail", "wait"], LowerCase] = Field(
        default="fail", validation_alias="WHEN_SIGNED_OUT"
    )
    """What requests do while the sign-in has ended: `fail` with 503 at once, or `wait` for a new one, as long
    as `PAGE_READY_TIMEOUT_SECONDS` allows."""
    watchdog_seconds: float = Field(default=10, validation_alias="WATCHDOG_SECONDS", ge=0)
    """Seconds between two looks at every tab. One that does not answer for so long, or three times as long
    while it works, is replaced. 0: never."""
    memory_limit_mb: int = Field(default=3072, validation_alias="BROWSER_MEMORY_LIMIT_MB", ge=0)
    """A browser that takes more memory than this, in MiB, is replaced between two requests. 0: never."""
    evidence_dir: RootedPath = Field(default=Path("logs/evidence"), validation_alias="EVIDENCE_DIR")
    """Where screenshots and snapshots of a page that was not understood are kept."""

    @property
    def captures(self) -> tuple[str, ...]:
        """The words of `capture` with `auto` written out."""
        off = {word for word, on in (("proxy", self.stream_port), ("helper", self.helper_endpoint)) if not on}
        rest = tuple(word for word in get_args(CaptureWord) if word not in {"auto", *self.capture, *off})
        return tuple(one for word in self.capture for one in (rest if word == "auto" else (word,)))

    @property
    def secrets(self) -> tuple[Path, ...]:
        """What holds sign-ins."""
        return (self.auth_profiles_dir, *filter(None, [self.auth_profile]))


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
    """Files that callers send along or upload beforehand."""

    upload_dir: RootedPath = Field(default=Path("upload_files"), validation_alias="UPLOAD_FILES_DIR")
    """Where files of callers are kept while a request needs them."""
    only_current_user_attachments: bool = Field(
        default=False, validation_alias="ONLY_COLLECT_CURRENT_USER_ATTACHMENTS"
    )
    """Take attachments from the last user message alone; those of others are only named to the model."""
    files_dir: RootedPath = Field(default=Path("files_store"), validation_alias="FILES_DIR")
    """Where files that were uploaded beforehand are kept, with their list."""
    max_file_bytes: int = Field(default=512 * 1024 * 1024, validation_alias="MAX_FILE_BYTES", ge=1)
    """Largest file, in bytes, decoded and unpacked."""
    max_files: int = Field(default=64, validation_alias="MAX_FILES", ge=1)
    """How many files one request may name."""
    max_total_bytes: int = Field(default=1024 * 1024 * 1024, validation_alias="MAX_FILES_BYTES", ge=1)
    """Largest sum of one request's files, in bytes."""
    fetch_timeout: float = Field(default=60, validation_alias="FETCH_TIMEOUT_SECONDS", gt=0)
    """Longest time for fetching one address, in seconds, redirects and content included."""
    allow_private_urls: bool = Field(default=False, validation_alias="ALLOW_PRIVATE_URLS")
    """Fetch files also from this machine and from private networks."""
    local_roots: Annotated[tuple[RootedPath, ...], Words] = Field(
        default=(), validation_alias="LOCAL_FILE_ROOTS"
    )
    """Folders whose files callers may name by path, separated by blanks. Empty: `UPLOAD_FILES_DIR` alone."""

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders whose files callers may name."""
        return self.local_roots or (self.upload_dir,)


class EmbeddingSettings(Group):
    """Where embeddings come from: AI Studio's page has none."""

    api_key: str = Field(default="", validation_alias="EMBEDDINGS_API_KEY")
    """Your own key of Google's official API. Without it embeddings are answered 501."""
    base_url: str = Field(default="", validation_alias="EMBEDDINGS_BASE_URL", examples=["https://host"])
    """Another address of that API; empty: Google's own."""
    timeout: float = Field(default=60, validation_alias="EMBEDDINGS_TIMEOUT_SECONDS", gt=0)
    """Longest wait for one answer of that API, in seconds."""


class LogSettings(Group):
    """What is written to the log."""

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], UpperCase] = Field(
        default="INFO", validation_alias="SERVER_LOG_LEVEL"
    )
    """Least severe lines that are logged."""
    debug: bool = Field(default=False, validation_alias="DEBUG_LOGS_ENABLED")
    """Log the gateway's own debug lines, whatever the level."""
    trace: bool = Field(default=False, validation_alias="TRACE_LOGS_ENABLED")
    """Log the debug lines of every library as well, but for those that hold what callers sent."""
    form: Annotated[Literal["text", "json"], LowerCase] = Field(default="text", validation_alias="LOG_FORMAT")
    """Lines of `key=value` pairs, or of JSON."""
    file: RootedPath | None = Field(default=None, validation_alias="LOG_FILE")
    """Also write the log to this file, which its owner alone may read. Two gateways need a file each."""
    file_bytes: int = Field(default=10 * 1024 * 1024, validation_alias="LOG_FILE_BYTES", ge=1024)
    """A log file of this size, in bytes, is put aside and a new one begun."""
    files_kept: int = Field(default=5, validation_alias="LOG_FILES_KEPT", ge=1, le=1000)
    """How many files that were put aside are kept."""


GROUPS: Mapping[str, type[Group]] = {
    "server": ServerSettings,
    "access": AccessSettings,
    "chat": ChatSettings,
    "browser": BrowserSettings,
    "budgets": DeadlineSettings,
    "files": FileSettings,
    "sign_in": SignInSettings,
    "embeddings": EmbeddingSettings,
    "logs": LogSettings,
}


def fields_of(group: type[Group]) -> list[tuple[str, str, FieldInfo]]:
    """(attribute, setting name, field) of every setting of a group."""
    return [(key, str(info.validation_alias), info) for key, info in group.model_fields.items()]


def setting_names() -> tuple[str, ...]:
    """Every name that may stand in `.env`, second names last."""
    return (*(name for group in GROUPS.values() for _, name, _ in fields_of(group)), *OTHER_NAMES)
