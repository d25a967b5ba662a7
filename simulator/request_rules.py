"""Which values a model takes. Everything that the site refuses is refused here, naming the field."""

import math

from simulator.ask import Ask, Thinking
from simulator.catalogue import LEVELS, Model
from simulator.rejection import Rejection, invalid_field

MAX_STOP_SEQUENCES = 5
IMAGE = 2
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
SIZES = ("512", "1K", "2K", "4K")


def check(ask: Ask, model: Model | None) -> None:
    """Raise the Rejection with which the site would answer `ask`; None stands for an unknown model."""
    if model is None or not model.generates:
        raise Rejection(
            404,
            f"{ask.model} is not found for API version v1main, or is not supported for generateContent. "
            "Call ListModels to see the list of available models and their supported methods.",
        )
    if model.paid:
        raise Rejection(403)
    _check_sampling(ask, model)
    _check_stops(ask.config.stop_sequences)
    _check_pictures(ask, model)
    if ask.config.thinking is not None:
        _check_thinking(ask.config.thinking, model)
    if ask.config.mime_type not in (None, "text/plain", "application/json", "text/x.enum"):
        raise invalid_field(
            "generation_config.response_mime_type", f"{ask.config.mime_type!r} is not an allowed MIME type"
        )
    if ask.prompt_tokens > model.input_limit:
        raise Rejection(
            400,
            f"The input token count ({ask.prompt_tokens}) exceeds the maximum number of tokens allowed "
            f"({model.input_limit}).",
        )


def _check_sampling(ask: Ask, model: Model) -> None:
    config = ask.config
    _within("temperature", config.temperature, 0, 2)
    _within("top_p", config.top_p, 0, 1)
    _within("top_k", config.top_k, 1, 1000)
    _within("max_output_tokens", config.max_output_tokens, 1, model.output_limit)


def _within(name: str, value: float | None, low: int, high: int) -> None:
    if value is not None and (math.isnan(value) or not low <= value <= high):
        problem = f"{name} must be in the range [{low}, {high}], got {value!r}"
        raise invalid_field(f"generation_config.{name}", problem)


def _check_stops(stops: tuple[str, ...]) -> None:
    field = "generation_config.stop_sequences"
    if len(stops) > MAX_STOP_SEQUENCES:
        raise invalid_field(
            field, f"at most {MAX_STOP_SEQUENCES} stop sequences are allowed, got {len(stops)}"
        )
    if any(not stop for stop in stops):
        raise invalid_field(field, "stop sequences must not be empty")


def _check_pictures(ask: Ask, model: Model) -> None:
    config = ask.config
    if (IMAGE in config.modalities) != model.makes_pictures:
        raise Rejection(
            400,
            "The requested combination of response modalities is not supported by the model. "
            f"{model.name} accepts: {'IMAGE, TEXT' if model.makes_pictures else 'TEXT'}",
        )
    ratio, size = [*(config.image or []), None, None][:2]
    field = "generation_config.image_config"
    if config.image and not model.makes_pictures:
        raise invalid_field(field, f"{model.name} makes no images")
    if ratio not in (None, *RATIOS):
        raise invalid_field(f"{field}.aspect_ratio", f"{ratio!r} is not an aspect ratio")
    if size not in ((None, *SIZES) if model.picture_sizes else (None,)):
        raise invalid_field(f"{field}.image_size", f"{size!r} is not a size of {model.name}")


def _check_thinking(thinking: Thinking, model: Model) -> None:
    caps = model.thinking
    if caps is None:
        if thinking.level is not None or thinking.budget not in (None, 0):
            raise Rejection(400, f"Thinking is not enabled for {model.name}")
        return
    if thinking.level is not None and thinking.level not in caps.levels:
        level = LEVELS.get(thinking.level, str(thinking.level))
        text = f"Thinking level {level} is not supported for this model.;  model={model.name}"
        raise Rejection(400, text)
    if thinking.level is not None and thinking.budget is not None:
        raise Rejection(400, "You can only set only one of thinking budget and thinking level.")
    if thinking.budget is None or thinking.budget == -1 or (thinking.budget == 0 and caps.can_disable):
        return
    low, high = caps.min_budget or 0, caps.max_budget or model.output_limit
    if thinking.budget == 0 or not low <= thinking.budget <= high:
        allowed = f"Please choose a value between {low} and {high}."
        raise Rejection(400, f"The thinking budget {thinking.budget} is invalid. {allowed}")
