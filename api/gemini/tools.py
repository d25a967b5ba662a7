"""Tools, functions and the choice among them, read into one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from api.complaints import short
from api.gemini.refusals import invalid
from api.gemini.schema import Declaration, FunctionCallingConfig, ToolEntry
from api.gemini.schemas import json_schema_of
from api.schemas import check_size, loss_note, site_schema_of
from domain.errors import BadRequest, Unsupported
from domain.requests import FunctionDeclaration, Tool

SITE_TOOLS: Final[Mapping[str, Tool]] = MappingProxyType(
    {
        "googleSearch": Tool.GOOGLE_SEARCH,
        "googleSearchRetrieval": Tool.GOOGLE_SEARCH,
        "urlContext": Tool.URL_CONTEXT,
        "codeExecution": Tool.CODE_EXECUTION,
        "googleMaps": Tool.GOOGLE_MAPS,
    }
)

_NO_EFFECT: Final = frozenset(
    {"googleSearchRetrieval.dynamicRetrievalConfig", "googleSearch.searchTypes", "googleMaps.enableWidget"}
)
"""Options that are accepted; every other one would change the answer and is refused."""

_BLOCKING: Final = ("", "BLOCKING", "UNSPECIFIED", "BEHAVIOR_UNSPECIFIED")
_CHOICE: Final = "toolConfig.functionCallingConfig"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")


@dataclass(frozen=True, slots=True)
class ToolWish:
    """What may be used; either of `tools` and `functions` is empty."""

    tools: frozenset[Tool] = frozenset()
    functions: tuple[FunctionDeclaration, ...] = ()
    must_call: bool = False
    notes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def read_tools(entries: list[ToolEntry], choice: FunctionCallingConfig) -> ToolWish:
    """Raises BadRequest: a malformed tool, a choice of nothing, or a combination that the site refuses."""
    wish = _chosen(_offered(entries), choice)
    if wish.functions and wish.tools:
        names = ", ".join(sorted(wish.tools))
        raise BadRequest(
            f"The site cannot combine functions with its own tools ({names}); leave one of the two out.",
            param="tools",
        )
    return wish


def _offered(entries: list[ToolEntry]) -> ToolWish:
    tools: set[Tool] = set()
    functions: dict[str, FunctionDeclaration] = {}
    notes: tuple[str, ...] = ()
    ignored: list[str] = []
    for at, entry in enumerate(entries):
        path = f"tools[{at}]"
        check_size([declared.model_dump() for declared in entry.function_declarations], path)
        for name, options in _switches(entry, path):
            tools.add(SITE_TOOLS[name])
            ignored += _without_effect(name, options, path)
        for number, declared in enumerate(entry.function_declarations):
            where = f"{path}.functionDeclarations[{number}]"
            if declared.name in functions:
                raise BadRequest(
                    f"Duplicate function declaration found: {declared.name} at '{where}.name'.",
                    param=f"{where}.name",
                )
            functions[declared.name], lost = _declaration(declared, where)
            notes += lost
    return ToolWish(frozenset(tools), tuple(functions.values()), False, notes, tuple(dict.fromkeys(ignored)))


def _switches(entry: ToolEntry, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    given = entry.model_dump(by_alias=True, exclude_none=True, exclude={"function_declarations"})
    for name, options in given.items():
        if name not in SITE_TOOLS:
            known = ", ".join(["functionDeclarations", *SITE_TOOLS])
            raise Unsupported(f"{path}.{name} is not supported; there are {known}.", param=f"{path}.{name}")
        yield name, options


def _without_effect(name: str, options: dict[str, Any], path: str) -> Iterator[str]:
    """Options in either spelling."""
    for given, value in options.items():
        option = re.sub(r"_([a-z])", lambda letter: letter[1].upper(), given)
        if f"{name}.{option}" not in _NO_EFFECT:
            raise Unsupported(
                f"{path}.{name}.{option[:100]} = {short(value)} is not supported.",
                param=f"{path}.{name}.{option[:100]}",
            )
        if value not in (None, False, {}, {"webSearch": {}}, {"web_search": {}}):
            yield f"tools.{name}.{option}"


def _declaration(declared: Declaration, path: str) -> tuple[FunctionDeclaration, tuple[str, ...]]:
    if not _NAME.fullmatch(declared.name):
        raise BadRequest(
            f"Invalid function name {short(declared.name)} at '{path}.name'. Must start with a letter or an "
            "underscore. Must be alphanumeric, underscores, dots, colons or dashes, at most 64 characters.",
            param=f"{path}.name",
        )
    if (declared.behavior or "").upper() not in _BLOCKING:
        raise Unsupported(
            f"{path}.behavior = {short(declared.behavior)} is not supported; the model waits for results.",
            param=f"{path}.behavior",
        )
    schema, where = _parameters(declared, path)
    if not schema:
        return FunctionDeclaration(declared.name, declared.description), ()
    if schema.get("type", "object") != "object":
        raise invalid(f"{where}.type", "parameters are of the type OBJECT", schema["type"])
    site = site_schema_of(schema, where)
    arguments = {"type": "object", **site.schema} if site.schema.keys() - {"type", "description"} else None
    note = loss_note(site.lost, where)
    return FunctionDeclaration(declared.name, declared.description, schema, arguments), note


def _parameters(declared: Declaration, path: str) -> tuple[dict[str, Any] | None, str]:
    if declared.parameters is not None and declared.parameters_json_schema is not None:
        raise BadRequest(
            f"{path}: parameters and parametersJsonSchema are two forms of one thing; send one of them.",
            param=f"{path}.parametersJsonSchema",
        )
    if declared.parameters is not None:
        where = f"{path}.parameters"
        return json_schema_of(declared.parameters, where), where
    schema, where = declared.parameters_json_schema, f"{path}.parametersJsonSchema"
    if schema is not None and not isinstance(schema, dict):
        raise invalid(where, "it must be a JSON schema, which is an object", schema)
    return schema, where


def _chosen(offered: ToolWish, choice: FunctionCallingConfig) -> ToolWish:
    """What is left of an offer once the caller has chosen."""
    mode = (choice.mode or "AUTO").upper()
    if mode == "NONE":
        return replace(offered, functions=(), notes=())
    if mode not in ("AUTO", "ANY", "VALIDATED", "MODE_UNSPECIFIED"):
        raise invalid(f"{_CHOICE}.mode", "it is none of AUTO, ANY, NONE and VALIDATED", choice.mode)
    functions, allowed = offered.functions, choice.allowed_function_names
    if allowed:
        known = {function.name for function in functions}
        for name in (name for name in allowed if name not in known):
            raise BadRequest(
                f"{_CHOICE}.allowedFunctionNames names {short(name)}, which is no function here.",
                param=f"{_CHOICE}.allowedFunctionNames",
            )
        functions = tuple(function for function in functions if function.name in allowed)
    if mode == "ANY" and not functions:
        raise BadRequest(
            f"{_CHOICE}.mode ANY asks for a function call, but there are no functions.",
            param=f"{_CHOICE}.mode",
        )
    return replace(offered, functions=functions, must_call=mode == "ANY")
