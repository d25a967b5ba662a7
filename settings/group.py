"""What every group of settings is made of."""

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """Settings that are handed out together."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )
