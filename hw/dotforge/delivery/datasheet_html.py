"""The datasheet as one HTML file: the Markdown, rendered, with its pictures inside."""

import html
import re
from pathlib import Path

from markdown_it import MarkdownIt

__all__ = ["as_html"]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0 auto; max-width: 960px; padding: 24px; color: #1f2933; }}
body {{ font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }}
h1 {{ margin-bottom: 0; }} h2 {{ margin-top: 32px; border-bottom: 1px solid #d5dbe1; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
th, td {{ border: 1px solid #d5dbe1; padding: 3px 9px; text-align: left; }}
th {{ background: #f5f7fa; }}
code, pre {{ font: 13px/1.45 "DejaVu Sans Mono", monospace; background: #f5f7fa; }}
code {{ padding: 1px 3px; }} pre {{ padding: 10px; overflow-x: auto; }} pre code {{ padding: 0; }}
figure {{ margin: 16px 0; overflow-x: auto; }}
figure svg {{ max-width: 100%; height: auto; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def as_html(markdown: str, directory: Path, title: str) -> str:
    """Return the page.

    Parameters
    ----------
    markdown : text whose pictures are SVG files
    directory : what their names are relative to
    title : of the page
    """
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)

    def picture(match: re.Match[str]) -> str:
        svg = (directory / match[1]).read_text(encoding="utf-8")
        return f'<figure role="img" aria-label="{match[2]}">{svg}</figure>'

    body = re.sub(r'<p><img src="([^"]+\.svg)" alt="([^"]*)" ?/?></p>', picture, body)
    return _PAGE.format(title=html.escape(title), body=body)
