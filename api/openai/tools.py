"""Tools, functions and the choice among them, in all their forms, read into one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from api.complaints import short
from api.openai.choice import Choice, read_choice
from api.openai.refusals import refusal
from api.openai.schema import ChatRequest, Strict
from api.schemas import check_size, loss_note, site_schema_of
from domain.errors import BadRequest, Unsupported
from domain.requests import FunctionDeclaration, Tool

SITE_TOOLS: Final[Mapping[str, Tool]] = MappingProxyType(
    {
        "google_search": Tool.GOOGLE_SEARCH,
        "googleSearch": Tool.GOOGLE_SEARCH,
        "google_search_retrieval": Tool.GOOGLE_SEARCH,
        "googleSearchRetrieval": Tool.GOOGLE_SEARCH,
        "url_context": Tool.URL_CONTEXT,
        "urlContext": Tool.URL_CONTEXT,
        "code_execution": Tool.CODE_EXECUTION,
        "codeExecution": Tool.CODE_EXECUTION,
        "google_maps": Tool.GOOGLE_MAPS,
        "googleMaps": Tool.GOOGLE_MAPS,
    }
)
"""What callers call the tools that the site has itself."""

_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class Function(Strict):
    name: str
    description: str = ""
    parameters: dict[str, Any] | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ToolWish:
    """What may be used; either of `tools` and `functions` is empty."""

    tools: frozenset[Tool] = frozenset()
    functions: tuple[FunctionDeclaration, ...] = ()
    must_call: bool = False
    mcp_endpoint: str | None = None
    legacy: bool = False
    notes: tuple[str, ...] = ()


def read_tools(chat: ChatRequest) -> ToolWish:
    """Raises BadRequest: a malformed tool, a choice of nothing, or a combination that the site refuses."""
    offered = _offered(chat)
    choice = read_choice(chat)
    wish = _chosen(offered, choice)
    if chat.web_search_options is not None:
        wish = replace(wish, tools=wish.tools | {Tool.GOOGLE_SEARCH})
    if wish.functions and wish.tools:
        names = ", ".join(sorted(wish.tools))
        raise BadRequest(
            f"The site cannot combine functions with its own tools ({names}); leave one of the two out.",
            param="web_search_options" if not offered.tools else "tools",
        )
    _check_mcp(wish)
    return wish


def _offered(chat: ChatRequest) -> ToolWish:
    legacy = bool(chat.functions) or isinstance(chat.function_call, dict)
    if legacy and (chat.tools or chat.tool_choice not in (None, "auto", "none")):
        raise BadRequest(
            "'functions' and 'tools' are two forms of one thing; send one of them.", param="functions"
        )
    check_size([*chat.tools, *chat.functions], "functions" if legacy else "tools")
    tools: set[Tool] = set()
    functions: dict[str, FunctionDeclaration] = {}
    notes: tuple[str, ...] = ()
    entries = [(entry, f"tools[{at}]") for at, entry in enumerate(chat.tools)]
    entries += [({"function": entry}, f"functions[{at}]") for at, entry in enumerate(chat.functions)]
    for entry, path in entries:
        read = _read(entry, path, legacy=legacy)
        if isinstance(read, Tool):
            tools.add(read)
            continue
        function, lost = read
        if function.name in functions:
            where = f"{path}.name" if legacy else f"{path}.function.name"
            raise BadRequest(f"{where}: there already is a function {function.name!r}.", param=where)
        functions[function.name] = function
        notes += lost
    return ToolWish(frozenset(tools), tuple(functions.values()), False, chat.mcp_endpoint, legacy, notes)


def _read(
    entry: dict[str, Any], path: str, *, legacy: bool
) -> Tool | tuple[FunctionDeclaration, tuple[str, ...]]:
    given = {name: value for name, value in entry.items() if value is not None}
    kind = given.pop("type", None)
    if kind == "function" or (kind is None and "function" in given):
        path = path if legacy else f"{path}.function"
        return _function(given, path, legacy=legacy)
    name = kind if kind is not None else next(iter(given), None)
    tool = SITE_TOOLS.get(name) if isinstance(name, str) else None
    if tool is None:
        known = ", ".join(["function", *SITE_TOOLS])
        raise Unsupported(
            f"{path}: a tool of type {short(name)} is not supported; there are {known}.",
            param=path if kind is None else f"{path}.type",
        )
    for option, value in given.items():
        if option not in SITE_TOOLS or value != {} or SITE_TOOLS[option] is not tool:
            raise Unsupported(
                f"{path}.{option[:100]} = {short(value)} is not supported; {name!r} has no options here.",
                param=f"{path}.{option[:100]}",
            )
    return tool


def _function(
    given: dict[str, Any], path: str, *, legacy: bool
) -> Tool | tuple[FunctionDeclaration, tuple[str, ...]]:
    for other in given.keys() - {"function"}:
        raise Unsupported(
            f"The parameter {path.removesuffix('.function') + '.' + other[:100]!r} is not supported.",
            param=f"{path.removesuffix('.function')}.{other[:100]}",
        )
    try:
        function = Function.model_validate(given.get("function"))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        raise refusal([{**detail, "loc": (path, *detail["loc"])} for detail in details]) from None
    if not legacy and function.name == "codeExecution" and not function.parameters:
        return Tool.CODE_EXECUTION
    if not _NAME.fullmatch(function.name):
        raise BadRequest(
            f"{path}.name = {short(function.name)} must be 1 to 64 letters, digits, '_', '-', '.' or ':'.",
            param=f"{path}.name",
        )
    return _declaration(function, path)


def _declaration(function: Function, path: str) -> tuple[FunctionDeclaration, tuple[str, ...]]:
    schema, path = function.parameters, f"{path}.parameters"
    if not schema:
        return FunctionDeclaration(function.name, function.description), ()
    if schema.get("type", "object") != "object":
        raise BadRequest(f"{path} must be of type 'object', not {short(schema['type'])}.", param=path)
    site = site_schema_of(schema, path)
    arguments = {"type": "object", **site.schema} if site.schema.keys() - {"type", "description"} else None
    note = loss_note(site.lost, path)
    return FunctionDeclaration(function.name, function.description, schema, arguments), note


def _chosen(offered: ToolWish, choice: Choice) -> ToolWish:
    """What is left of an offer once the caller has chosen."""
    if choice.mode == "none":
        return ToolWish(legacy=offered.legacy)
    functions = offered.functions
    if choice.names is not None:
        known = {function.name for function in functions}
        for name in (name for name in choice.names if name not in known):
            raise BadRequest(
                f"{choice.param} names {short(name)}, which is no function here.", param=choice.param
            )
        functions = tuple(function for function in functions if function.name in choice.names)
    must_call = choice.mode == "required"
    if must_call and not functions:
        raise BadRequest(
            f"{choice.param} asks for a function call, but there are no functions.", param=choice.param
        )
    return replace(offered, functions=functions, must_call=must_call)


def _check_mcp(wish: ToolWish) -> None:
    if wish.mcp_endpoint is None:
        return
    if not re.match(r"https?://[^/\s]", wish.mcp_endpoint):
        raise BadRequest(
            f"mcp_endpoint must be an http or https address, not {short(wish.mcp_endpoint)}.",
            param="mcp_endpoint",
        )
    if wish.functions or wish.tools:
        raise BadRequest(
            "mcp_endpoint offers functions of its own and cannot be combined with other tools or functions.",
            param="mcp_endpoint",
        )
