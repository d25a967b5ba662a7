"""The many ways in which callers ask about thinking, read into one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from api.complaints import short
from api.openai.schema import ChatRequest, Reasoning, ThinkingConfig, TypedThinking, WithThinkingConfig
from domain.errors import BadRequest
from domain.thinking import AUTO, EFFORTS, ThinkingAsked

_NUMBER: Final = re.compile(r"-?\d{1,9}")


@dataclass(frozen=True, slots=True)
class ThinkingWish:
    asked: ThinkingAsked | None
    show: bool
    """Whether the caller wants to see the thoughts."""


def read_thinking(chat: ChatRequest) -> ThinkingWish:
    """Raises BadRequest: no effort or budget, or two fields that contradict each other."""
    asked = list(_amounts(chat))
    shown = list(_shown(chat))
    if len({show for _, show in shown}) > 1:
        raise BadRequest(
            f"These contradict each other: {dict(shown)!r}. Send one of them.", param=shown[-1][0]
        )
    return ThinkingWish(_one(asked), all(show for _, show in shown))


def _one(asked: list[ThinkingAsked]) -> ThinkingAsked | None:
    """What all of them say; a bare "on" says less than any amount."""
    exact = [one for one in asked if not one.automatic]
    first = next(iter(exact or asked), None)
    for other in asked:
        if first is not None and not _agree(first, other):
            raise BadRequest(
                f"These contradict each other: {first.words}, {other.words}. Send one of them.",
                param=other.param,
            )
    return first


def _agree(first: ThinkingAsked, other: ThinkingAsked) -> bool:
    if first.nothing or other.nothing:
        return first.nothing == other.nothing
    return other.automatic or (first.effort, first.budget) == (other.effort, other.budget)


def _amounts(chat: ChatRequest) -> Iterator[ThinkingAsked]:
    if chat.reasoning_effort is not None:
        yield _effort(chat.reasoning_effort, "reasoning_effort")
    if chat.reasoning is not None:
        yield from _routers(chat.reasoning)
    if chat.thinking is not None:
        yield _typed(chat.thinking)
    if chat.enable_thinking is not None:
        yield ThinkingAsked(AUTO if chat.enable_thinking else "none", param="enable_thinking")
    for config, path in _configs(chat):
        if config.thinking_budget is not None:
            yield _budget(config.thinking_budget, f"{path}.thinking_budget")
        if config.thinking_level is not None:
            yield _effort(config.thinking_level, f"{path}.thinking_level")


def _routers(reasoning: Reasoning) -> Iterator[ThinkingAsked]:
    if reasoning.effort is not None:
        yield _effort(reasoning.effort, "reasoning.effort")
    if reasoning.max_tokens is not None:
        yield _budget(reasoning.max_tokens, "reasoning.max_tokens")
    if reasoning.enabled is not None:
        yield ThinkingAsked(AUTO if reasoning.enabled else "none", param="reasoning.enabled")


def _typed(thinking: TypedThinking) -> ThinkingAsked:
    if thinking.type == "disabled":
        if thinking.budget_tokens:
            raise BadRequest(
                f"thinking.budget_tokens={thinking.budget_tokens!r} contradicts thinking.type='disabled'.",
                param="thinking.budget_tokens",
            )
        return ThinkingAsked("none", param="thinking")
    if thinking.budget_tokens is not None:
        return _budget(thinking.budget_tokens, "thinking.budget_tokens")
    return ThinkingAsked(AUTO, param="thinking")


def _configs(chat: ChatRequest) -> Iterator[tuple[ThinkingConfig, str]]:
    extra = chat.extra_body
    holders: tuple[tuple[WithThinkingConfig | None, str], ...] = (
        (chat, ""),
        (chat.google, "google."),
        (extra, "extra_body."),
        (extra.google if extra else None, "extra_body.google."),
    )
    for holder, path in holders:
        if holder is not None and holder.thinking_config is not None:
            yield holder.thinking_config, f"{path}thinking_config"


def _shown(chat: ChatRequest) -> Iterator[tuple[str, bool]]:
    if chat.include_reasoning is not None:
        yield "include_reasoning", chat.include_reasoning
    if chat.reasoning is not None and chat.reasoning.exclude is not None:
        yield "reasoning.exclude", not chat.reasoning.exclude
    for config, path in _configs(chat):
        if config.include_thoughts is not None:
            yield f"{path}.include_thoughts", config.include_thoughts


def _effort(value: Any, param: str) -> ThinkingAsked:
    """A name, a number of tokens, or such a number as text."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in EFFORTS or word == AUTO:
            return ThinkingAsked(word, param=param)
        if _NUMBER.fullmatch(word):
            return _budget(int(word), param)
    elif isinstance(value, int) and not isinstance(value, bool):
        return _budget(value, param)
    raise BadRequest(
        f"{param}={short(value)} is none of {', '.join(EFFORTS)}, nor a number of tokens.", param=param
    )


def _budget(tokens: int, param: str) -> ThinkingAsked:
    if tokens < -1:
        raise BadRequest(f"{param}={tokens} is no number of tokens; -1 leaves it to the model.", param=param)
    return ThinkingAsked(budget=tokens, param=param)
