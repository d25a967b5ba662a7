"""What the doctor knows of the areas beside their selectors: in which state of the page each is shown."""

from collections.abc import Mapping
from typing import Final

_FILES = "only shown while a file is attached"
_TURN = "only shown in a conversation; nothing was generated"
_EDITED = "only shown while a turn is being edited"
_DIALOG = "no dialog could be opened to look at it"

REASONS: Final[Mapping[str, str]] = {
    "separate_stop": "only shown while generating, and only by pages whose Run is not Stop as well",
    "media_chip": _FILES,
    "chip_remove": _FILES,
    "chip_error": "only shown when a file was refused",
    "upload_agree": "only shown when the page asks about a file",
    "upload_busy": "only shown while a file is uploaded",
    "upload_toast": "only shown when an upload failed",
    "turn": _TURN,
    "model_turn": _TURN,
    "turn_content": _TURN,
    "turn_piece": _TURN,
    "turn_noise": _TURN,
    "turn_footer": _TURN,
    "turn_edit": _TURN,
    "turn_edit_end": _EDITED,
    "turn_editor": _EDITED,
    "code_title": "only shown where an answer has code or calls",
    "code_text": "only shown where an answer has code or calls",
    "discard": "only shown when a conversation is left; nothing was generated",
    "stop_remove": "only shown where a stop sequence is set",
    "code_lines": "only shown by pages with a code editor",
    "dialog_error": "only shown when a dialog refuses its text",
    "dialog_close": _DIALOG,
    "dialog": _DIALOG,
    "backdrop": _DIALOG,
    "sheet_close": "no sheet could be opened to look at it",
    "toast": "only shown when the page reports something",
    "callout": "only shown when the page reports something",
    "banner": "only shown when the page reports something",
    "turn_error": "only shown with an answer that failed",
    "tooltip": "only shown under the mouse",
    "dismiss": "only shown with a notice",
    "remove": "only shown with a survey",
    "temporary_mark": "only shown while a chat is temporary",
    "icon": "only looked for inside of what others show",
    "decoration": "only looked for inside of what others show",
    "account": "only shown by a wide page; it gives a new profile its name",
    "sign_in": "only shown when nobody is signed in",
}
"""Why areas that are not needed at every time may not have been seen."""

EQUALS: Final = frozenset(
    {
        *("upload_agree", "upload_toast", "chip_error", "dialog_error", "dismiss"),
        *("toast", "callout", "banner", "turn_error"),
        *("turn_piece", "turn_noise"),
    }
)
"""Areas whose candidates are several things, not several ways to find one."""

BY_CHANCE: Final = ("dismiss", "remove", "toast", "callout", "banner", "turn_error", "tooltip")
"""What the page may show of itself at any time."""

FRAME: Final = ("editor", "prompt", "run", "new_chat")
"""Shown by every chat page, whatever it is doing."""

PANEL: Final = (
    "settings_panel",
    "model_card",
    "system_card",
    "temperature",
    "tools_section",
    "advanced_section",
    "top_p",
    "max_output_tokens",
    "stop_input",
    "media_resolution",
    "safety_edit",
)
"""Shown by the run settings of every model, with the sections unfolded."""

SWITCHES: Final = (
    "google_search",
    "url_context",
    "code_execution",
    "google_maps",
    "function_calling",
    "structured_output",
)
"""Shown by the run settings of models that have the tool."""

IN_SECTION: Final[Mapping[str, str]] = {
    "top_p": "advanced_section",
    "max_output_tokens": "advanced_section",
    "stop_input": "advanced_section",
    "safety_edit": "advanced_section",
    **dict.fromkeys(SWITCHES, "tools_section"),
}
"""What a closed section hides."""

THINKING: Final = ("thinking_mode", "thinking_manual", "thinking_budget")
OPTIONS: Final = ("select_option", "select_option_text")
INSIDE_SELECT: Final = ("select_trigger", "select_value")
PICTURES: Final = ("aspect_ratio", "aspect_ratios", "image_size", "image_sizes")

PRIVATE_AREAS: Final = (
    "account",
    "turn",
    "turn_editor",
    "prompt",
    "system_card",
    "system_text",
    "stop_remove",
    "media_chip",
    "function_text",
    "code_lines",
)
PRIVATE_PLACES: Final = (
    "title",
    "textarea",
    "ms-toolbar h1",
    "ms-zero-state :is(h1, h2)",
    "ms-items-scrollbar",
    "ms-system-instructions",
    "ms-stop-sequence-input",
    "ms-prompt-box .text-wrapper",
    "a[href*='/prompts/']:not([href*='new_chat'])",
    "ms-account-switcher",
    "alkali-accountswitcher",
    "#account-switcher-button",
    ".account-switcher-text",
    "[aria-label*='Google Account']",
)
"""Where the page shows what its user wrote or who that is, beside `PRIVATE_AREAS`."""
EMAIL: Final = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
KEYS: Final = (
    r"\b(?:AIza|ya29\.|sk-|gsk_|1//)[\w.-]{16,}"
    r"|(?<![\w/-])(?=[\w.-]*\d)(?=[\w.-]*[A-Z])(?=[\w.-]*[a-z])[\w.-]{28,}"
)
"""By how they begin, and whatever else is as long and as mixed as a cookie; in Python and in JavaScript."""
