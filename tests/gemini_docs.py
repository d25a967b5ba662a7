"""What `docs/gemini.md` says about each parameter, from the decoder's own data; running this writes it."""

import json
from collections.abc import Sequence

from api.gemini.parameters import MATRIX, PART_MATRIX
from api.treatment import Parameter
from settings import ROOT

PAGE = ROOT / "docs" / "gemini.md"


def table(rows: Sequence[Parameter]) -> str:
    lines = ["| field | what becomes of it | how, or why | values without a meaning |", "|---|---|---|---|"]
    for row in rows:
        neutral = ", ".join(f"`{json.dumps(value)}`" for value in row.neutral)
        lines.append(f"| `{row.name}` | {row.treatment.value} | {row.how} | {neutral} |")
    return "\n".join(lines)


def documented(page: str) -> str:
    """`page` with the tables in their places."""
    for name, rows in (("parameters", MATRIX), ("parts", PART_MATRIX)):
        begin, end = f"<!-- {name}: written by make docs -->\n", f"<!-- end of {name} -->\n"
        head, _, rest = page.partition(begin)
        _, _, tail = rest.partition(end)
        page = f"{head}{begin}\n{table(rows)}\n\n{end}{tail}"
    return page


if __name__ == "__main__":
    PAGE.write_text(documented(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
