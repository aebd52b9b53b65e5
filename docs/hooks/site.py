"""What MkDocs calls: pages that are made of what they tell about, and what is added to the pages of engines."""

import re
from pathlib import Path
from typing import Any

import engine_pages
import reference_pages
from mkdocs.structure.files import File, Files  # pyright: ignore[reportMissingImports] - an extra

ROOT = Path(__file__).parents[2]


def _from_root(name: str, up: str) -> str:
    """Return a page that lies beside ``docs``, with its links as they are from the site.

    Parameters
    ----------
    name : of the file
    up : way from the page to the top of the site
    """
    text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", f"]({up}")
    return text.replace("](CONTRIBUTING.md", f"]({up}howto/add.md")


#: Page → what makes it.
PAGES = {
    "engines.md": engine_pages.overview,
    "findings.md": lambda: reference_pages.findings(ROOT / "findings"),
    "changelog.md": lambda: _from_root("CHANGELOG.md", ""),
    "howto/add.md": lambda: _from_root("CONTRIBUTING.md", "../"),
    "reference/commands.md": reference_pages.commands,
    "reference/python.md": reference_pages.front_door,
    "reference/hardware.md": reference_pages.hardware,
    "reference/golden.md": reference_pages.golden,
    "reference/models.md": reference_pages.models,
}


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""
    for page, make in PAGES.items():
        files.append(File.generated(config, page, content=make()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Add parameters, streams, waveforms and costs to the page of an engine; leave out what is for tests alone."""
    name = page.file.src_uri.removesuffix(".md")
    if name in engine_pages.names():
        markdown += "\n" + engine_pages.sections(name)
    up = "../" * page.file.src_uri.count("/")
    markdown = re.sub(r"\]\((?:\.\./)+findings/README\.md", f"]({up}findings.md", markdown)
    return re.sub(r"^<!-- not run: (.*?) -->$", r"*Not run by a test: \1.*", markdown, flags=re.M)
