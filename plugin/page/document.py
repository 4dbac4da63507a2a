"""A page as one file that opens offline: its style and scripts, and data that they read, are inside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files

import msgspec


def document(title: str, body: str, scripts: Sequence[str] = ()) -> str:
    """An HTML page that asks for nothing beyond itself.

    title: plain text. body: HTML. scripts: names of files of this package without .js, in their order.
    """
    # No form, no request to anywhere, whatever stands in the names of files and knobs.
    allowed = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"
    code = "".join(f"<script>\n{_file(f'{name}.js')}</script>" for name in scripts)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">'
        f"<title>{escape(title)}</title><style>{_file('style.css')}</style></head><body>"
        f"<h1>{escape(title)}</h1>{body}{code}</body></html>\n"
    )


def data_block(identifier: str, value: object) -> str:
    """A value for scripts as JSON inside the page."""
    text = msgspec.json.encode(value).decode().replace("<", "\\u003c")  # so that no text ends the block
    return f'<script type="application/json" id="{identifier}">{text}</script>'


def _file(name: str) -> str:
    return (files("interneg.plugin.page") / name).read_text(encoding="utf-8")
