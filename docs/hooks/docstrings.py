"""Shows docstrings as Markdown: sections as lists, roles of reStructuredText as code, its tables as blocks."""

import re
from typing import Any

from griffe import Extension, Object  # pyright: ignore[reportMissingImports] - an extra

__all__ = ["Readable", "readable"]

_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr|obj):`[~.]*([^`]+)`")
_SECTION = re.compile(r"^([A-Z][\w ]*)\n-{3,}\n(.*?)(?=^[A-Z][\w ]*\n-{3,}\n|\Z)", re.M | re.S)


def readable(text: str) -> str:
    """Return a docstring as Markdown."""
    text = _ROLE.sub(lambda found: f"``{found[1]}``", text)
    text = _SECTION.sub(lambda found: f"\n**{found[1]}**\n\n{_items(found[1], found[2])}\n", text)
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    text = re.sub(r"^::\n", "", text, flags=re.M)
    text = re.sub(r"::\n\n(?=    )", ":\n\n", text)
    return re.sub(r"^(=+ +=+[\s\S]*?^=+ +=+)$", r"```text\n\1\n```", text, flags=re.M)


def _items(section: str, body: str) -> str:
    """Return the entries of a section: ``name : text`` or, of what is raised, a name and an indented text."""
    lines: list[str] = []
    for line in body.strip("\n").splitlines():
        name, colon, rest = line.partition(" : ")
        if line.startswith(" ") or not line:
            lines.append(f"    {line.strip()}" if line.strip() else "")
        elif colon:
            lines.append(f"- `{name}`: {rest}")
        elif section == "Raises":
            lines.append(f"- `{line}`:")
        else:
            lines.append(line)
    return "\n".join(lines)


class Readable(Extension):
    """Rewrites every docstring as it is read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of ``obj``."""
        if obj.docstring is not None:
            obj.docstring.value = readable(obj.docstring.value)
