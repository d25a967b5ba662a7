"""The settings: groups of typed values from the command line, the environment and `.env`.

Every setting is one field in `settings.groups`. Precedence: command line, environment, `.env`, default. An
empty value means the default. Relative paths start at the project's folder.
"""

from settings.fields import ROOT
from settings.groups import (
    GROUPS,
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
from settings.load import Settings, SettingsError
from settings.sign_in import SignInSettings
from settings.surroundings import has_display
from settings.wording import SECRET_QUERY, allowed, shown

__all__ = [
    "GROUPS",
    "ROOT",
    "SECRET_QUERY",
    "AccessSettings",
    "BrowserSettings",
    "ChatSettings",
    "DeadlineSettings",
    "EmbeddingSettings",
    "FileSettings",
    "LogSettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "SignInSettings",
    "allowed",
    "fields_of",
    "has_display",
    "setting_names",
    "shown",
]
