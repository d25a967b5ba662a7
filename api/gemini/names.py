"""JSON names as Google reads them: camelCase as documented, snake_case as in its own libraries."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class Message(BaseModel):
    """An object of a request. Either spelling of a name is taken, `null` means *not given*."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=AliasGenerator(alias=to_camel),
        allow_inf_nan=False,
        str_strip_whitespace=False,
    )

    @model_validator(mode="before")
    @classmethod
    def _json_names(cls, value: Any) -> Any:
        """One spelling, so that errors have one too."""
        if not isinstance(value, Mapping):
            return value
        named: dict[str, Any] = {}
        for name, content in value.items():
            if content is None:
                continue
            spelled = to_camel(name) if name in cls.model_fields else name
            if spelled in named:
                raise PydanticCustomError("given_twice", "{name} is given twice", {"name": spelled})
            named[spelled] = content
        return named


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("number_type", "must be a number")
    return value


Number = Annotated[float, BeforeValidator(_no_boolean)]
"""Also as text, as protocol buffers write long ones."""
Whole = Annotated[int, BeforeValidator(_no_boolean), Field(ge=-(2**63), lt=2**63)]
Flag = Annotated[bool, Field(strict=True)]


def as_list(value: Any) -> Any:
    """One object where a list is expected."""
    return [value] if isinstance(value, Mapping | str) else value
