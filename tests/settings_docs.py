"""What the documentation says about settings, made from `settings/`; `make docs` writes it down."""

from pathlib import Path

from settings import GROUPS, ROOT, allowed, fields_of, shown

CONFIGURATION = ROOT / "docs" / "configuration.md"
EXAMPLE = ROOT / ".env.example"
BEGIN, END = "<!-- settings: written by make docs -->\n", "<!-- end of settings -->\n"
TITLES = {
    "server": "What clients connect to",
    "access": "Who may call",
    "chat": "Chat requests",
    "browser": "Browser, page and sign-in",
    "budgets": "How long things may take",
    "files": "Files of callers",
    "sign_in": "Getting and keeping a sign-in",
    "embeddings": "Embeddings",
    "logs": "Logs",
}


def tables() -> str:
    """One table for each group, as Markdown."""
    lines: list[str] = []
    for attribute, group in GROUPS.items():
        lines += [
            f"### {TITLES[attribute]}",
            "",
            "| setting | takes | default | meaning |",
            "|---|---|---|---|",
        ]
        for _, name, info in fields_of(group):
            default = _default(name, info.default)
            cell = f"`{default}`" if default else ""
            meaning = " ".join((info.description or "").split())
            lines.append(f"| `{name}` | {allowed(info)} | {cell} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def example() -> str:
    """The whole `.env.example`: every setting with its default, commented out."""
    lines = [
        "# Copy to .env and take the # away from what you want to change. The environment wins over .env,",
        "# and the command line over both. docs/configuration.md says what each setting means.",
    ]
    for attribute, group in GROUPS.items():
        lines += ["", f"# --- {TITLES[attribute]} ---"]
        for _, name, info in fields_of(group):
            lines += ["", f"# {allowed(info)}", f"#{name}={_default(name, info.default)}"]
    return "\n".join(lines) + "\n"


def documented(page: str) -> str:
    """`page` with the tables in their place."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{tables()}\n{END}{tail}"


def _default(name: str, value: object) -> str:
    return shown(name, value.as_posix() if isinstance(value, Path) else value)


if __name__ == "__main__":
    CONFIGURATION.write_text(documented(CONFIGURATION.read_text(encoding="utf-8")), encoding="utf-8")
    EXAMPLE.write_text(example(), encoding="utf-8")
