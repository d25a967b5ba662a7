"""The model picker: a side sheet behind the model card."""

from collections.abc import Callable
from dataclasses import dataclass

from browser.pages.model_names import ModelNames
from browser.pages.scripting import PageScripts

_PICK_MS = 8000
_ROWS_MS = 2500


@dataclass(frozen=True, slots=True)
class Pick:
    """Which model the card shows now, and whether the picker had the wanted one."""

    model: str
    offered: bool


class ModelPicker:
    """The picker of one tab. `on_use` is called before it is used: a new model brings its own settings."""

    def __init__(self, scripts: PageScripts, names: ModelNames, on_use: Callable[[], None]) -> None:
        self._scripts = scripts
        self._names = names
        self._on_use = on_use

    async def choose(self, model: str) -> Pick:
        """Choose a model by id and wait until the card shows it."""
        self._on_use()
        found = await self._scripts.run(
            "model",
            model=model,
            shown=self._names.all_of(model),
            milliseconds=_PICK_MS,
            rows_milliseconds=_ROWS_MS,
        )
        return Pick(self._names.id_of(found["model"]), found.get("offered", True))
