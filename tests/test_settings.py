"""One tree of settings: where values come from, and what is said about those that cannot be used."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ports import Deadlines
from settings import Settings, SettingsError, setting_names, shown


def load(
    root: Path,
    env: dict[str, str] | None = None,
    *,
    dotenv: str | None = None,
    overrides: dict[str, object] | None = None,
) -> Settings:
    if dotenv is not None:
        (root / ".env").write_text(dotenv, encoding="utf-8")
    return Settings.load(env or {}, overrides=overrides, root=root)


def complaint(
    root: Path,
    env: dict[str, str] | None = None,
    *,
    dotenv: str | None = None,
    overrides: dict[str, object] | None = None,
) -> str:
    with pytest.raises(SettingsError) as caught:
        load(root, env, dotenv=dotenv, overrides=overrides)
    return str(caught.value)


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 2048)
    assert settings.browser.ai_studio_url == "https://aistudio.google.com"
    assert settings.browser.auth_profile is None
    assert settings.deadlines == Deadlines()
    assert settings.sources == {}


def test_command_line_beats_environment_beats_dotenv(tmp_path: Path) -> None:
    dotenv = "PORT=1\nTABS=1\nQUEUE_SIZE=1\n"
    settings = load(tmp_path, {"PORT": "2", "TABS": "2"}, dotenv=dotenv, overrides={"PORT": "3"})
    assert (settings.server.port, settings.browser.tabs, settings.server.queue_size) == (3, 2, 1)
    assert settings.sources == {"PORT": "command line", "TABS": "environment", "QUEUE_SIZE": ".env"}


def test_a_flag_that_was_not_given_overrides_nothing(tmp_path: Path) -> None:
    settings = load(tmp_path, {"PORT": "5"}, overrides={"PORT": None, "BROWSER_MODE": None})
    assert (settings.server.port, settings.browser.mode) == (5, "headless")


def test_second_name_of_the_port_is_understood(tmp_path: Path) -> None:
    assert load(tmp_path, {"DEFAULT_FASTAPI_PORT": "7"}).server.port == 7


def test_first_name_wins_within_one_place_only(tmp_path: Path) -> None:
    assert load(tmp_path, {"DEFAULT_FASTAPI_PORT": "7", "PORT": "8"}).server.port == 8
    assert load(tmp_path, {"DEFAULT_FASTAPI_PORT": "7"}, dotenv="PORT=8\n").server.port == 7


def test_empty_value_means_the_default_and_hides_lower_places(tmp_path: Path) -> None:
    settings = load(tmp_path, {"PORT": ""}, dotenv="PORT=9\n")
    assert settings.server.port == 2048


def test_total_budget_is_given_in_milliseconds(tmp_path: Path) -> None:
    settings = load(tmp_path, {"RESPONSE_COMPLETION_TIMEOUT": "1500", "IDLE_TIMEOUT_SECONDS": "2.5"})
    assert settings.deadlines.total == 1.5
    assert settings.deadlines.idle == 2.5


def test_folders_that_callers_may_name_are_separated_as_a_shell_does(tmp_path: Path) -> None:
    files = load(tmp_path, {"LOCAL_FILE_ROOTS": "/a 'b c'", "UPLOAD_FILES_DIR": "up"}).files
    assert files.roots == (Path("/a"), tmp_path / "b c")
    assert load(tmp_path, {"UPLOAD_FILES_DIR": "up"}).files.roots == (tmp_path / "up",)


def test_list_of_folders_is_shown_as_it_is_written(tmp_path: Path) -> None:
    settings = load(tmp_path, {"LOCAL_FILE_ROOTS": "/a '/b c'"})
    assert settings.effective()["LOCAL_FILE_ROOTS"] == "/a '/b c'"


def test_relative_paths_start_at_the_project(tmp_path: Path) -> None:
    settings = load(tmp_path, {"EVIDENCE_DIR": "here", "UPLOAD_FILES_DIR": "/there"})
    assert settings.browser.evidence_dir == tmp_path / "here"
    assert settings.files.upload_dir == Path("/there")
    assert settings.access.key_file == tmp_path / "auth_profiles" / "key.txt"


@pytest.mark.parametrize("written", ["work", "work.json", "auth_profiles/work.json"])
def test_profile_is_found_by_name_and_by_path(tmp_path: Path, written: str) -> None:
    profile = tmp_path / "auth_profiles" / "work.json"
    profile.parent.mkdir()
    profile.write_text("{}")
    assert load(tmp_path, {"AUTH_PROFILE": written}).browser.auth_profile == profile
    assert load(tmp_path, {"AUTH_PROFILE": str(profile)}).browser.auth_profile == profile


def test_profile_file_beside_the_launcher_is_a_path(tmp_path: Path) -> None:
    profile = tmp_path / "mine.json"
    profile.write_text("{}")
    assert load(tmp_path, {"AUTH_PROFILE": "mine.json"}).browser.auth_profile == profile


def test_missing_profile_is_named_with_where_it_was_looked_for(tmp_path: Path) -> None:
    said = complaint(tmp_path, {"AUTH_PROFILE": "work"})
    assert "AUTH_PROFILE='work' (environment)" in said
    assert str(tmp_path / "auth_profiles" / "work.json") in said


def test_browser_arguments_are_split_like_a_shell(tmp_path: Path) -> None:
    settings = load(tmp_path, {"BROWSER_ARGS": "--no-sandbox '--rules=MAP * ~NOTFOUND'"})
    assert settings.browser.args == ("--no-sandbox", "--rules=MAP * ~NOTFOUND")


def test_engine_and_level_are_case_insensitive(tmp_path: Path) -> None:
    settings = load(tmp_path, {"BROWSER": "Chromium", "SERVER_LOG_LEVEL": "debug"})
    assert (settings.browser.engine, settings.logs.level) == ("chromium", "DEBUG")


def test_site_address_has_no_slash_at_its_end(tmp_path: Path) -> None:
    settings = load(tmp_path, {"AI_STUDIO_URL": "http://127.0.0.1:1/"})
    assert settings.browser.ai_studio_url == "http://127.0.0.1:1"


@pytest.mark.parametrize("path", ["/usr/bin/xdg-open", r"C:\browser.exe"])
def test_web_browser_of_the_desktop_is_not_taken_for_an_engine(tmp_path: Path, path: str) -> None:
    assert load(tmp_path, {"BROWSER": path}).browser.engine == "auto"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PORT", "abc", "a whole number from 0 up to 65535"),
        ("PORT", "65536", "a whole number from 0 up to 65535"),
        ("DEFAULT_FASTAPI_PORT", "-1", "a whole number from 0 up to 65535"),
        ("KEEP_ALIVE_SECONDS", "11", "a number above 0 up to 10"),
        ("IDLE_TIMEOUT_SECONDS", "inf", "a number above 0"),
        ("BROWSER", "opera", "auto, camoufox, chromium or firefox"),
        ("BROWSER_MODE", "hidden", "headless, headed or virtual"),
        ("OPEN_STATUS", "maybe", "true or false"),
        ("HOST", "a b", "text like"),
        ("AI_STUDIO_URL", "aistudio.google.com", "https://"),
        ("BROWSER_WS_ENDPOINT", "localhost:9222", "ws://"),
        ("BROWSER_ARGS", "'open", "quotation"),
        ("UNIFIED_PROXY_CONFIG", "ftp://host:1", "http, https or socks5"),
        ("UNIFIED_PROXY_CONFIG", "http://host", "port"),
        ("UNIFIED_PROXY_CONFIG", "http://host:many", "port"),
        ("VIRTUAL_DISPLAY_SIZE", "1x1", "text like 1920x1080"),
        ("BROWSER_EXECUTABLE", "/no/such/program", "there is no file"),
        ("SELECTORS_FILE", "none.json", "there is no file"),
        ("STREAM_PORT", "port", "a whole number from 0 up to 65535"),
        ("CAPTURE", "proxy", "set STREAM_PORT as well"),
        ("GUI_DEFAULT_HELPER_ENDPOINT", "host", "give an address like"),
        ("CAPTURE", "helper", "set GUI_DEFAULT_HELPER_ENDPOINT"),
        ("CAPTURE", "cdp dom cdp", "'cdp' is named twice"),
        ("CORS_ORIGINS", "chat.example", "'https://chat.example'"),
        ("CORS_ORIGINS", "https://chat.example/app", "'https://chat.example'"),
        ("CORS_ORIGINS", "https://chat.example:443", "own port"),
        ("ALLOWED_HOSTS", "https://chat.example/", "'*.example'"),
        ("ALLOWED_HOSTS", "chat.example:8080", "without a port"),
        ("CAPTURE", "cdp ears", "give auto, cdp, in_page, proxy, helper or dom, separated by blanks"),
    ],
)
def test_unusable_value_is_one_line_with_name_value_and_remedy(
    tmp_path: Path, name: str, value: str, allowed: str
) -> None:
    said = complaint(tmp_path, {name: value})
    assert said.startswith(f"{name}={value!r} (environment): ")
    assert allowed in said
    assert "\n" not in said


def test_origins_are_what_browsers_send(tmp_path: Path) -> None:
    origins = "https://chat.example http://10.0.0.1:3000/ chrome-extension://abc null *"
    assert load(tmp_path, {"CORS_ORIGINS": origins}).access.cors_origins == tuple(origins.split())


def test_dotenv_that_is_no_utf8_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("# für\nPORT=1\n".encode("latin-1"))
    assert complaint(tmp_path) == ".env is not text in UTF-8 (byte 3); save it as UTF-8."


def test_unknown_name_in_dotenv_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    said = complaint(tmp_path, dotenv="AI_STUDIO_ULR=http://127.0.0.1\n")
    assert said == "'AI_STUDIO_ULR' in .env is not a setting; did you mean 'AI_STUDIO_URL'?"


def test_unknown_name_that_resembles_nothing_points_to_the_docs(tmp_path: Path) -> None:
    assert complaint(tmp_path, dotenv="zzzzqqqq=1\n").endswith("see docs/configuration.md")


def test_unknown_names_in_the_environment_are_other_programs_business(tmp_path: Path) -> None:
    assert load(tmp_path, {"PORTS": "x", "PATH": "/bin"}) == load(tmp_path)


def test_dotenv_may_start_with_a_byte_order_mark_and_have_comments(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbf# mine\r\nPORT=9 # why\r\nexport TABS=3\r\n")
    settings = Settings.load({}, root=tmp_path)
    assert (settings.server.port, settings.browser.tabs) == (9, 3)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.server.port = 1


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("BROWSER_WS_ENDPOINT", "ws://127.0.0.1:9/0a1b2c3d", "ws://127.0.0.1:9/****"),
        ("BROWSER_WS_ENDPOINT", "wss://me:pw@host/?token=t0ken", "wss://****@host/****"),
        ("BROWSER_WS_ENDPOINT", "ws://127.0.0.1:9/", "ws://127.0.0.1:9/"),
        ("BROWSER_ARGS", ("--proxy-server=http://me:pw@host:1",), "--proxy-server=http://****@host:1"),
        ("AI_STUDIO_URL", "https://h/?a=1&api_key=s3cret&b=2", "https://h/?a=1&api_key=****&b=2"),
    ],
)
def test_secrets_are_masked_when_shown(name: str, value: object, text: str) -> None:
    assert shown(name, value) == text


@given(secret=st.text("abcdefghijkmnopqrstuvwxyz0123456789%._-", min_size=6))
def test_no_password_in_an_address_is_ever_shown(secret: str) -> None:
    assert secret not in shown("AI_STUDIO_URL", f"https://USER:{secret}@HOST/")
    assert secret not in shown("BROWSER_WS_ENDPOINT", f"ws://HOST/{secret}")


def test_complaint_about_an_address_shows_no_password(tmp_path: Path) -> None:
    assert "s3cret" not in complaint(tmp_path, {"AI_STUDIO_URL": "ftp://me:s3cret@host/"})


@pytest.mark.parametrize(
    "written", ["http://me:s3/cr@et@host:1", "ftp://me:s3/cr@et@host:1", "http://me:s3@h"]
)
def test_password_of_the_proxy_is_never_shown(tmp_path: Path, written: str) -> None:
    try:
        said = load(tmp_path, {"UNIFIED_PROXY_CONFIG": written}).effective()["UNIFIED_PROXY_CONFIG"]
    except SettingsError as error:
        said = str(error)
    assert "s3" not in said


def test_proxy_needs_a_browser_that_is_started_here(tmp_path: Path) -> None:
    running = {"BROWSER_WS_ENDPOINT": "ws://127.0.0.1:9/", "UNIFIED_PROXY_CONFIG": "http://host:1"}
    assert "keeps the proxy it was started with" in complaint(tmp_path, running)


def test_stream_proxy_needs_a_browser_of_its_own_and_no_socks_behind_it(tmp_path: Path) -> None:
    port = {"STREAM_PORT": "3120"}
    assert "does not use" in complaint(tmp_path, {**port, "BROWSER_WS_ENDPOINT": "ws://127.0.0.1:9/"})
    assert "SOCKS" in complaint(tmp_path, {**port, "UNIFIED_PROXY_CONFIG": "socks5://host:1"})
    assert load(tmp_path, port).browser.captures == ("cdp", "in_page", "proxy", "dom")
    assert load(tmp_path).browser.captures == ("cdp", "in_page", "dom")
    helper = {"GUI_DEFAULT_HELPER_ENDPOINT": "http://host", "CAPTURE": "in_page auto"}
    assert load(tmp_path, helper).browser.captures == ("in_page", "cdp", "helper", "dom")


def test_socks_proxy_with_a_password_is_refused(tmp_path: Path) -> None:
    assert "SOCKS" in complaint(tmp_path, {"UNIFIED_PROXY_CONFIG": "socks5://me:pw@host:1"})
    assert load(tmp_path, {"UNIFIED_PROXY_CONFIG": "socks5://host:1"}).browser.proxy == "socks5://host:1"


def test_every_setting_is_in_effect_once(tmp_path: Path) -> None:
    names = list(load(tmp_path).effective())
    assert len(names) == len(set(names))
    assert {*names, "DEFAULT_FASTAPI_PORT"} == set(setting_names())
