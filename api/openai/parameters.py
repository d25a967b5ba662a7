"""What becomes of every parameter of a chat request, as data for the decoder, `/api/info` and the docs."""

from typing import Final

from api.treatment import honoured, ignored, mapped, refused

_NO_CONTROL: Final = "The page has no control for it."
_OTHER_SERVICE: Final = "It concerns the original service, not the answer."
_PICTURES: Final = "Only with models that make pictures; one of those that the page offers for the model."

MATRIX: Final = (
    honoured(
        "messages",
        "Roles system, developer, user, assistant, tool and function; files in those of user and assistant.",
    ),
    honoured(
        "model", "An id, an alias or a name with an ending that asks for thinking; default DEFAULT_MODEL."
    ),
    honoured("stream", "Server-sent events."),
    honoured(
        "stream_options", "`include_usage`: a last chunk with token counts; `include_obfuscation` only false."
    ),
    honoured("temperature", "0 to 2, set on the page; left out: the model's default."),
    honoured("top_p", "0 to 1, set on the page; left out: the model's default."),
    honoured("max_tokens", "At least 1 and at most the model's own limit, set on the page."),
    honoured("max_completion_tokens", "Another name of `max_tokens`; different values are refused."),
    honoured("max_output_tokens", "Another name of `max_tokens`; different values are refused."),
    honoured(
        "stop", "A string or at most 5 of them; those that the page cannot hold are kept by the gateway."
    ),
    honoured("n", "1 to 8 answers, each from a run of its own."),
    mapped(
        "reasoning_effort",
        "none, minimal, low, medium, high, xhigh, max or a number of tokens, set on the "
        "model's own control: a level, or a budget (512, 1000, 8000, 24000, its maximum).",
    ),
    mapped(
        "thinking_config",
        "Gemini's form: `thinking_budget`, `thinking_level`, `include_thoughts`; also as `thinkingConfig`.",
    ),
    mapped("google", "`thinking_config` inside it."),
    mapped("extra_body", "`thinking_config` and `google` inside it."),
    mapped(
        "reasoning", "`effort`, `max_tokens`, `enabled` as `reasoning_effort`; `exclude` hides the thoughts."
    ),
    mapped(
        "thinking",
        '`{"type": "enabled", "budget_tokens": …}`, `disabled` or `adaptive`, as `reasoning_effort`.',
    ),
    mapped("enable_thinking", "false as effort none; true leaves the amount to the model."),
    mapped("include_reasoning", "false hides the thoughts; their tokens are counted all the same."),
    mapped(
        "tools",
        "Functions go to the page's declarations; google_search, url_context, code_execution and "
        "google_maps to its switches. Custom tools are refused.",
    ),
    honoured("tool_choice", "none, auto, required, one function or allowed_tools."),
    honoured("parallel_tool_calls", "false: one call an answer at most."),
    mapped("functions", "The legacy form of `tools`; the answer then has `function_call`."),
    mapped("function_call", "The legacy form of `tool_choice`."),
    mapped(
        "web_search_options",
        "Switches Google Search on and asks for annotations; `user_location` and "
        "`search_context_size` have no effect.",
    ),
    honoured("attachments", "Files of the last user message, in any form; see attachments.md."),
    honoured("mcp_endpoint", "http(s) address of an MCP server whose tools the gateway offers and calls."),
    mapped(
        "response_format",
        "text, json_object or json_schema, set on the page's structured output; the answer is checked.",
    ),
    mapped(
        "modalities",
        "text and image with a model that makes pictures, text with any other. With image, pictures stand in "
        "`images` of the message instead of its content; image alone leaves the words out.",
    ),
    honoured("aspect_ratio", _PICTURES),
    honoured("image_size", f"512, 1K, 2K or 4K. {_PICTURES} 1K also where there is no choice."),
    mapped("image_config", "`aspect_ratio` and `image_size` inside it."),
    honoured("gateway", "This gateway's own: `annotations` asks for sources as annotations."),
    ignored("top_k", _NO_CONTROL),
    ignored("seed", _NO_CONTROL),
    ignored("presence_penalty", _NO_CONTROL, 0),
    ignored("frequency_penalty", _NO_CONTROL, 0),
    ignored("logit_bias", _NO_CONTROL, {}),
    ignored("repetition_penalty", _NO_CONTROL, 1),
    ignored("min_p", _NO_CONTROL, 0),
    ignored("top_a", _NO_CONTROL, 0),
    ignored("typical_p", _NO_CONTROL, 1),
    ignored("verbosity", _NO_CONTROL, "medium"),
    ignored("prediction", _NO_CONTROL),
    ignored("user", _OTHER_SERVICE),
    ignored("metadata", _OTHER_SERVICE, {}),
    ignored("store", _OTHER_SERVICE, False),
    ignored("service_tier", _OTHER_SERVICE, "auto", "default"),
    ignored("safety_identifier", _OTHER_SERVICE),
    ignored("prompt_cache_key", _OTHER_SERVICE),
    ignored("prompt_cache_retention", _OTHER_SERVICE),
    ignored("prompt_cache_options", _OTHER_SERVICE, {}),
    ignored("moderation", _OTHER_SERVICE, {}),
    refused("logprobs", "The site tells no probabilities.", False),
    refused("top_logprobs", "The site tells no probabilities.", 0),
    refused("audio", "The chat page makes no speech."),
)
