"""What becomes of every parameter of a chat request, as data for the decoder, `/api/info` and the docs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Treatment(StrEnum):
    HONOURED = "honoured"
    """Reaches the site, or is kept by the gateway, as it was asked."""
    MAPPED = "mapped"
    """Becomes what the site has for it; `how` says what."""
    IGNORED = "ignored"
    """Accepted without effect and named in `X-Gateway-Ignored-Params`; refused with STRICT_PARAMETERS."""
    REFUSED = "refused"
    """400 `unsupported_parameter`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    treatment: Treatment
    how: str
    """One sentence."""
    neutral: tuple[Any, ...] = ()
    """Values that ask for what happens anyway: accepted and not named."""

    def described(self) -> Mapping[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "treatment": self.treatment.value,
            "how": self.how,
            "neutral": list(self.neutral),
        }


def _honoured(name: str, how: str) -> Parameter:
    return Parameter(name, Treatment.HONOURED, how)


def _mapped(name: str, how: str) -> Parameter:
    return Parameter(name, Treatment.MAPPED, how)


def _ignored(name: str, how: str, *neutral: Any) -> Parameter:
    return Parameter(name, Treatment.IGNORED, how, neutral)


def _refused(name: str, how: str, *neutral: Any) -> Parameter:
    return Parameter(name, Treatment.REFUSED, how, neutral)


_NO_CONTROL: Final = "The page has no control for it."
_OTHER_SERVICE: Final = "It concerns the original service, not the answer."
_PICTURES: Final = "Only with models that make pictures; one of those that the page offers for the model."

MATRIX: Final = (
    _honoured(
        "messages",
        "Roles system, developer, user, assistant, tool and function; files in those of user and assistant.",
    ),
    _honoured(
        "model", "An id, an alias or a name with an ending that asks for thinking; default DEFAULT_MODEL."
    ),
    _honoured("stream", "Server-sent events."),
    _honoured(
        "stream_options", "`include_usage`: a last chunk with token counts; `include_obfuscation` only false."
    ),
    _honoured("temperature", "0 to 2, set on the page; left out: the model's default."),
    _honoured("top_p", "0 to 1, set on the page; left out: the model's default."),
    _honoured("max_tokens", "At least 1 and at most the model's own limit, set on the page."),
    _honoured("max_completion_tokens", "Another name of `max_tokens`; different values are refused."),
    _honoured("max_output_tokens", "Another name of `max_tokens`; different values are refused."),
    _honoured(
        "stop", "A string or at most 5 of them; those that the page cannot hold are kept by the gateway."
    ),
    _honoured("n", "1 to 8 answers, each from a run of its own."),
    _mapped(
        "reasoning_effort",
        "none, minimal, low, medium, high, xhigh, max or a number of tokens, set on the "
        "model's own control: a level, or a budget (512, 1000, 8000, 24000, its maximum).",
    ),
    _mapped(
        "thinking_config",
        "Gemini's form: `thinking_budget`, `thinking_level`, `include_thoughts`; also as `thinkingConfig`.",
    ),
    _mapped("google", "`thinking_config` inside it."),
    _mapped("extra_body", "`thinking_config` and `google` inside it."),
    _mapped(
        "reasoning", "`effort`, `max_tokens`, `enabled` as `reasoning_effort`; `exclude` hides the thoughts."
    ),
    _mapped(
        "thinking",
        '`{"type": "enabled", "budget_tokens": …}`, `disabled` or `adaptive`, as `reasoning_effort`.',
    ),
    _mapped("enable_thinking", "false as effort none; true leaves the amount to the model."),
    _mapped("include_reasoning", "false hides the thoughts; their tokens are counted all the same."),
    _mapped(
        "tools",
        "Functions go to the page's declarations; google_search, url_context, code_execution and "
        "google_maps to its switches. Custom tools are refused.",
    ),
    _honoured("tool_choice", "none, auto, required, one function or allowed_tools."),
    _honoured("parallel_tool_calls", "false: one call an answer at most."),
    _mapped("functions", "The legacy form of `tools`; the answer then has `function_call`."),
    _mapped("function_call", "The legacy form of `tool_choice`."),
    _mapped(
        "web_search_options",
        "Switches Google Search on and asks for annotations; `user_location` and "
        "`search_context_size` have no effect.",
    ),
    _honoured("attachments", "Files of the last user message, in any form; see attachments.md."),
    _honoured("mcp_endpoint", "http(s) address of an MCP server whose tools the gateway offers and calls."),
    _mapped(
        "response_format",
        "text, json_object or json_schema, set on the page's structured output; the answer is checked.",
    ),
    _mapped(
        "modalities",
        "text and image with a model that makes pictures, text with any other. With image, pictures stand in "
        "`images` of the message instead of its content; image alone leaves the words out.",
    ),
    _honoured("aspect_ratio", _PICTURES),
    _honoured("image_size", f"512, 1K, 2K or 4K. {_PICTURES} 1K also where there is no choice."),
    _mapped("image_config", "`aspect_ratio` and `image_size` inside it."),
    _honoured("gateway", "This gateway's own: `annotations` asks for sources as annotations."),
    _ignored("top_k", _NO_CONTROL),
    _ignored("seed", _NO_CONTROL),
    _ignored("presence_penalty", _NO_CONTROL, 0),
    _ignored("frequency_penalty", _NO_CONTROL, 0),
    _ignored("logit_bias", _NO_CONTROL, {}),
    _ignored("repetition_penalty", _NO_CONTROL, 1),
    _ignored("min_p", _NO_CONTROL, 0),
    _ignored("top_a", _NO_CONTROL, 0),
    _ignored("typical_p", _NO_CONTROL, 1),
    _ignored("verbosity", _NO_CONTROL, "medium"),
    _ignored("prediction", _NO_CONTROL),
    _ignored("user", _OTHER_SERVICE),
    _ignored("metadata", _OTHER_SERVICE, {}),
    _ignored("store", _OTHER_SERVICE, False),
    _ignored("service_tier", _OTHER_SERVICE, "auto", "default"),
    _ignored("safety_identifier", _OTHER_SERVICE),
    _ignored("prompt_cache_key", _OTHER_SERVICE),
    _ignored("prompt_cache_retention", _OTHER_SERVICE),
    _ignored("prompt_cache_options", _OTHER_SERVICE, {}),
    _ignored("moderation", _OTHER_SERVICE, {}),
    _refused("logprobs", "The site tells no probabilities.", False),
    _refused("top_logprobs", "The site tells no probabilities.", 0),
    _refused("audio", "The chat page makes no speech."),
)
