"""The shell of the service's own pages: one document with its style inside, no script, nothing from anywhere else."""

from __future__ import annotations

import functools
import hashlib
import re
from base64 import b64encode
from html import escape
from importlib import resources

from starlette.responses import Response

_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")


@functools.cache
def _style() -> tuple[str, str]:
    """The style sheet, and the policy that lets this very sheet in and nothing else."""
    css = resources.files("contactport.http").joinpath("pages/style.css").read_text("utf-8")
    digest = b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return css, f"{policy}; frame-ancestors 'none'"


def page(title: str, body: str) -> Response:
    """An HTML document around `body`, which is HTML."""
    css, policy = _style()
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{css}</style></head><body>{body}</body></html>\n"
    )
    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}
    return Response(html, headers=headers)


def words(text: str) -> str:
    """A line of the description as HTML: `code` and **strong** are all the markup there is."""
    return _STRONG.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", escape(text, quote=False)))


def paragraphs(text: str) -> str:
    """Text whose paragraphs are separated by empty lines, as HTML."""
    return "".join(f"<p>{words(' '.join(part.split()))}</p>" for part in text.split("\n\n") if part.strip())
