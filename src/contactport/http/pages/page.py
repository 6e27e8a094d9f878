"""Pages: templates rendered with the headers of a page, and redirects to the next one.

Nothing is inline, and nothing comes from anywhere else.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from html import escape
from importlib import resources
from typing import Literal

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

_CODE = re.compile(r"`([^`]+)`")
_POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
Script = Literal["", "close", "upload"]
_SCRIPTS: dict[Script, str] = {
    "": "",
    "close": "; script-src 'self'",
    "upload": "; script-src 'self'; connect-src 'self'",
}
"""What a page's script may do, as its policy says it."""
_STRONG = re.compile(r"\*\*([^*]+)\*\*")


class PageFile(msgspec.Struct, frozen=True):
    """A file that pages use. `name` changes with what is in it, so that browsers may keep it for good."""

    name: str
    body: bytes


@functools.cache
def page_file(stem: str, suffix: str) -> PageFile:
    """`style.css`, the style sheet of every page, or one of the scripts: `close.js`, `upload.js`."""
    body = resources.files("contactport.http.pages").joinpath(f"{stem}.{suffix}").read_bytes()
    return PageFile(f"{stem}-{hashlib.sha256(body).hexdigest()[:16]}.{suffix}", body)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("contactport.http.pages", "templates"),
        # Whatever the template is called.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["words"] = words
    return environment


def page(
    template: str,
    values: Mapping[str, object] | None = None,
    *,
    status: int = 200,
    form_action: str = "'none'",
    script: Script = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The template of this name, filled in. `form_action` is where its forms may lead, as a policy (CSP) says it.

    Of the two scripts, `close` closes the window, where a script has opened it, and `upload` shows how far the upload
    of a file has come. Each page works without its script.
    """
    policy = f"{_POLICY}; form-action {form_action}{_SCRIPTS[script]}"
    files = {
        "style_sheet": f"/assets/{page_file('style', 'css').name}",
        "script": f"/assets/{page_file(script, 'js').name}" if script else "",
    }
    html = _environment().get_template(f"{template}.html").render({**files, **(values or {})})
    given = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}
    return Response(html, status, given | dict(headers or {}))


class _Spelled(bytes):
    """A header's name that reaches the client as it is spelt; servers write names in lower case, as ASGI has them.

    One client looks for `Location` with a capital.
    """

    def lower(self) -> bytes:
        return self


def redirect(url: str, status: int = 302) -> Response:
    """To this URL. After a form it is 303, so that the browser asks by GET."""
    response = Response(status_code=status)
    response.raw_headers.append((_Spelled(b"Location"), url.encode("ascii")))
    return response


def words(text: str) -> Markup:
    """A line of our own text as HTML: `code` and **strong** are all the markup there is."""
    html = _STRONG.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", escape(text, quote=False)))
    return Markup(html)  # noqa: S704  escaped above


def paragraphs(text: str) -> str:
    """Text whose paragraphs are separated by empty lines, as HTML."""
    return "".join(f"<p>{words(' '.join(part.split()))}</p>" for part in text.split("\n\n") if part.strip())
