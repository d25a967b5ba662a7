"""What `docs/parameters.md` says about each parameter, from the decoder's own data; `make docs` writes it."""

import json

from api.openai.parameters import MATRIX
from api.treatment import Treatment
from settings import ROOT

PARAMETERS = ROOT / "docs" / "parameters.md"
BEGIN, END = "<!-- parameters: written by make docs -->\n", "<!-- end of parameters -->\n"
TITLES = {
    Treatment.HONOURED: "Honoured",
    Treatment.MAPPED: "Mapped",
    Treatment.IGNORED: "Ignored",
    Treatment.REFUSED: "Refused",
}


def tables() -> str:
    """One table for each treatment, as Markdown."""
    lines: list[str] = []
    for treatment, title in TITLES.items():
        plain = treatment in (Treatment.HONOURED, Treatment.MAPPED)
        lines += [f"### {title}", ""]
        lines += ["| parameter | how |", "|---|---|"] if plain else _NEUTRAL_HEAD
        for row in MATRIX:
            if row.treatment is treatment:
                neutral = ", ".join(f"`{json.dumps(value)}`" for value in row.neutral)
                lines.append(f"| `{row.name}` | {row.how} |" + ("" if plain else f" {neutral} |"))
        lines.append("")
    return "\n".join(lines)


def documented(page: str) -> str:
    """`page` with the tables in their place."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{tables()}\n{END}{tail}"


_NEUTRAL_HEAD = ["| parameter | why | values without a meaning |", "|---|---|---|"]


if __name__ == "__main__":
    PARAMETERS.write_text(documented(PARAMETERS.read_text(encoding="utf-8")), encoding="utf-8")
