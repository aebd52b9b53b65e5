"""The documentation site: complete, without a broken link, and at home in a browser without a network."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from dotforge import registry

from ..browser import opened

ROOT = Path(__file__).parents[2]
NAV = re.findall(r"^\s+- ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.M)


def test_every_page_has_its_place() -> None:
    written = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert len(NAV) == len(set(NAV))
    assert written <= set(NAV)
    assert {f"{name}.md" for name in registry.names()} <= written, "every engine has a page"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as ``make docs`` builds it: a warning, a broken link or anchor among them, ends the build."""
    pytest.importorskip("material", reason="skipped: needs mkdocs-material")
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", out],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return out


class _Page(HTMLParser):
    """Links, what is loaded, and what can be linked to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in ("img", "script", "iframe") and "src" in given:
            self.loaded.append(given["src"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon"):
            self.loaded.append(given["href"])


@pytest.mark.slow
def test_no_link_is_broken(site: Path) -> None:
    pages = {path: _Page(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(pages) == len(NAV)
    checked, broken = 0, []
    for path, page in pages.items():
        assert not [each for each in page.loaded if urlsplit(each).scheme], f"{path}: from a network"
        for link in page.links + page.loaded:
            parts = urlsplit(link)
            if parts.scheme or not (parts.path or parts.fragment):
                continue
            aim = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = aim in pages and parts.fragment
            if not aim.is_file() or (known and unquote(parts.fragment) not in pages[aim].ids | {""}):
                broken.append(f"{path.relative_to(site)}: {link}")
            checked += 1
    assert broken == []
    assert checked > 1000


@pytest.mark.slow
def test_size(site: Path) -> None:
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 15_000_000


@pytest.mark.slow
def test_pages_of_engines_are_of_their_configuration(site: Path) -> None:
    for name in registry.names():
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        for parameter in registry.engine(name).config.__dataclass_fields__:
            assert f"<code>{parameter}</code>" in text
        assert f"figures/{name}_load.svg" in text


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser(site: Path, width: int) -> None:
    """No error, no request, nothing wider than the window; on a wide one search finds the page of an engine."""
    with opened(site / "index.html") as (view, said):
        view.set_viewport_size({"width": width, "height": 844})
        for page in [*NAV[:6], "howto/fpga.md", "reference/commands.md", "findings.md", "papers.md"]:
            view.goto((site / page.replace(".md", ".html").replace("README", "index")).as_uri())
            assert view.locator("h1").count() == 1
            assert view.evaluate("document.documentElement.scrollWidth <= innerWidth"), page
        if width > 1000:
            view.goto((site / "index.html").as_uri())
            view.locator("input.md-search__input").click()
            view.locator(".md-search-result__meta").filter(has_text="Type to start").wait_for(timeout=20_000)
            view.locator("input.md-search__input").press_sequentially("looping algorithm")
            view.locator(".md-search-result__link").first.wait_for(timeout=20_000)
            assert view.locator(".md-search-result__link").count() >= 2
        assert [line for line in said if not line.startswith("request: file:")] == []
