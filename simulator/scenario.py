"""What the simulator does differently from its defaults: pace, framing, faults and page behaviour.

A scenario is plain JSON. It is given at start (`--scenario`), read and changed at run time
(`/_control/scenario`). Unknown names are refused, so that a misspelt knob never passes for a tested one.
Durations are seconds unless a name ends in `_ms`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=3600)]
Milliseconds = Annotated[int, Field(ge=0, le=600_000)]
ControlName = Literal[
    "run_button",
    "prompt_textarea",
    "model_card",
    "model_rows",
    "temperature",
    "top_p",
    "max_output_tokens",
    "stop_sequence_input",
    "system_instructions_card",
    "new_chat",
    "search_toggle",
    "thinking_level",
    "thinking_mode",
    "thinking_budget_toggle",
    "thinking_budget",
    "aspect_ratio",
    "image_size",
    "function_toggle",
    "function_edit",
    "function_code_tab",
    "function_save",
    "structured_toggle",
    "structured_edit",
    "structured_save",
    "media_resolution",
    "safety_edit",
    "safety_slider",
    "tools_header",
    "advanced_header",
    "temporary_chat",
]


MutationName = Literal[
    "run_button_anonymous",
    "stop_button_apart",
    "stop_unmarked",
    "stop_wordless",
    "prompt_box_renamed",
    "prompt_field_unnamed",
    "number_fields_untyped",
    "number_ranges_alike",
    "model_rows_unmarked",
    "model_address_ignored",
    "model_name_is_title",
    "temporary_in_toolbar",
    "temporary_unmarked",
    "media_menu_reworded",
    "discard_reworded",
    "answer_marks_gone",
    "thoughts_apart",
    "turns_renamed",
    "copy_reworded",
    "thinking_level_reworded",
    "thinking_levels_fewer",
    "tools_unmarked",
    "tools_reworded",
    "run_takes_hands_only",
    "disabled_natively",
    "preferences_elsewhere",
]
"""Single facts of the page that are most likely to change, changed; see `static/js/mutations.js`."""

UploadFault = Literal["toast", "late_toast", "silent", "chip", "stuck"]
"""`toast`: the file goes again, and a toast says why; `late_toast`: a moment later; `silent`: nothing ever
comes of it; `chip`: its chip stays and is marked as failed; `stuck`: its processing does not end."""


Interruption = Literal[
    "cookie_bar",
    "survey",
    "welcome",
    "announcement",
    "autosave",
    "paid_usage",
    "incident",
    "backdrop",
    "terms",
]


class _Knobs(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class Framing(_Knobs):
    """How the bytes of a streamed answer travel. None of it changes what the answer says."""

    split: Literal["byte"] | Annotated[int, Field(ge=1)] | None = None
    """Write the body in slices of so many bytes (cutting UTF-8 characters and escapes), each flushed."""
    gzip: bool = True
    """Compress where the client accepts it, with a sync flush after every write."""
    trailer: bool = True
    """End a finished stream with the `[null,null,null,[µs,int,int]]` event."""
    whitespace: bool = False
    """Put line ends and blanks between the events, which the page's parser skips."""
    events_per_write: int = Field(default=1, ge=1)
    """Gather so many events before the bytes are written."""
    linger: Seconds = 0
    """Between the last byte of the body and the end of the connection's response."""


class PageKnobs(_Knobs):
    """Behaviour of the page. Sent to it as `boot.page` when it loads, so a change needs a reload."""

    era: Literal["E3", "E4", "E5", "E6"] = "E6"
    transport: Literal["xhr", "fetch"] = "xhr"
    """What the page sends GenerateContent with, and reads its answer from."""
    animation_ms: Milliseconds = 200
    tick_ms: Milliseconds = 0
    token_count_delay_ms: Milliseconds = 150
    swallow_keys_while_counting: bool = True
    hold_run_while_counting: bool = False
    reject_untrusted_keys: bool = True
    trusted_chip_enter: bool = True
    stop_commit: Literal["enter", "blur"] = "enter"
    swallow_dialog_clicks: int = Field(default=0, ge=0)
    """So many first clicks on an Edit button of the Tools section open nothing."""
    refuse_declarations: str | None = None
    """The editor of function declarations does not save, and gives this as its reason."""
    dialog_stays_open: bool = False
    """The dialogs of the Tools section take a text and do not close on Save."""
    editor_tabs_drawn_anew: bool = False
    """The dialog of declarations draws new tabs for a chosen one; the other one has a text field as well."""
    system_saved_from_the_start: bool = False
    """The sheet of the system instruction says that it is saved, also for a moment after a change."""
    structured_editor: Literal["textarea", "keyboard"] = "textarea"
    """What the schema is written into: a text area, or a code editor that only listens to the keyboard."""
    autosave_dialog_after_ms: Milliseconds | None = 1500
    cookie_bar: bool = False
    survey_iframe: bool = False
    welcome_dialog: bool = False
    terms_dialog: bool = False
    preference_vote: bool = False
    announcement: bool = False
    lingering_backdrop: bool = False
    interrupt_with: Interruption | None = None
    """Comes up once a load, at the worst moment: …"""
    interrupt_at: Literal["setting", "prompt", "answer"] = "setting"
    """… right after the first setting was changed, the prompt was written, or an answer has ended."""
    tooltip_over_run: bool = False
    upload_delay_ms: Milliseconds = 120
    single_file_upload: bool = True
    copyright_dialog: bool = True
    drive_dialog: bool = False
    """Ask for the permission to use Drive at the first upload after each load of the page."""
    file_input: Literal["menu", "page", "chooser"] = "menu"
    """Where the file input is: in the item of the open menu, in the prompt box at all times, or nowhere until
    the menu's item is clicked."""
    upload_faults: list[UploadFault | None] = Field(default_factory=list)
    """One is used up by each file after a load of the page; null = no fault."""
    text_limit: int | None = Field(default=None, ge=1)
    """The prompt box cuts longer texts off."""
    footer_before_text: bool = False
    thought_layout: Literal["same-turn", "separate-turn"] = "same-turn"
    virtualise: bool = True
    run_sends_nothing: bool = False
    slow_ms: Milliseconds = 0
    renamed: dict[ControlName, bool] = Field(default_factory=dict)
    missing: list[ControlName] = Field(default_factory=list)
    mutations: list[MutationName] = Field(default_factory=list)
    duplicate_prompt_tree: bool = False
    leftover_run: bool = False
    """A copy of Run that nothing listens to stands before the real one."""
    rewrites_prompt: Literal["empty", "draft"] | None = None
    """Once a load, a moment after the prompt was written, the page puts nothing or a draft there."""
    language: Literal["en", "pseudo"] = "en"
    """`pseudo`: English with accents on its vowels, wherever the page speaks itself."""
    drop_settings_on_new_chat: bool = False
    new_chat_loads_page: bool = False
    """New chat leaves for the address of an empty chat, instead of emptying the page."""


class Scenario(_Knobs):
    """Everything that can be set. The defaults are an account in good health on a quick model."""

    ttft: Seconds = 0.3
    """From the request's arrival to the first event."""
    pace: Seconds = 0.02
    """Between two events."""
    framing: Framing = Field(default_factory=Framing)
    next_faults: list[str | None] = Field(default_factory=list)
    """One is used up by each GenerateContent; written like the rest of a `/fail` line; null = no fault."""
    every_fault: str | None = None
    """The fault of every GenerateContent for which `next_faults` has nothing."""
    next_answers: list[str | None] = Field(default_factory=list)
    """One is used up by each GenerateContent that no fault befalls: a line that decides instead of the
    prompt, like `/echo text`; null = the prompt decides."""
    rpc_faults: dict[str, int] = Field(default_factory=dict)
    """Method name -> HTTP status that this method answers with, e.g. `{"CountTokens": 403}`."""
    rpc_delays: dict[str, Seconds] = Field(default_factory=dict)
    """Method name -> extra delay before the answer."""
    models: list[str] | None = None
    """Ids (without `models/`) that this account sees, in this order; null = the whole catalogue."""
    second_step: bool = False
    """Ask for a one-time code after the password."""
    door: Literal["open", "region", "forbidden", "forbidden-title"] = "open"
    """What a browser that asks for the page gets: the page, a redirect to the list of regions, or a refusal
    with status 403, or one that only its title tells."""
    page: PageKnobs = Field(default_factory=PageKnobs)

    def changed(self, patch: dict[str, Any]) -> "Scenario":
        """This scenario with `patch` merged in, groups (`framing`, `page`) key by key.

        Raises pydantic's ValidationError for unknown names and bad values.
        """
        merged = self.model_dump()
        for name, value in patch.items():
            if name in ("framing", "page") and isinstance(value, dict):
                merged[name] = {**merged[name], **value}
            else:
                merged[name] = value
        return Scenario.model_validate(merged)
