"""The pages about the service: what it is (`/`), and its wire (`openapi.yaml`, to be read)."""

from __future__ import annotations

import functools
import json
import shlex
from html import escape
from importlib import resources
from typing import Any, cast

import yaml
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from contactport.http.dependencies import Service
from contactport.http.pages.page import page, paragraphs, words

Node = dict[str, Any]

_PLAIN = {
    "Id": "integer",
    "Kind": "text",
    "MaybeText": "text or null",
    "Texts": "array of text",
}
"""Schemas too small for a place of their own."""
_HOST = "https://HOST"


@functools.cache
def description() -> bytes:
    """The packaged openapi.yaml."""
    return resources.files("contactport.http").joinpath("openapi.yaml").read_bytes()


async def show_description(_service: Service, _request: Request) -> Response:
    """openapi.yaml itself."""
    return Response(description(), headers={"content-type": "application/yaml; charset=utf-8"})


async def show_front(_service: Service, _request: Request) -> Response:
    """The page at `/`: what the service is, for people who come by."""
    return page("front")


async def show_documentation(_service: Service, _request: Request) -> Response:
    """The page; it is made once, aside, for a thousand lines of YAML take their time."""
    # Our own description, escaped where it is written.
    return page("documentation", {"body": Markup(await run_in_threadpool(_body))})  # noqa: S704


@functools.cache
def _body() -> str:
    return Documentation(cast(Node, yaml.safe_load(description()))).body()


class Documentation:
    """One description as HTML."""

    def __init__(self, root: Node) -> None:
        self._root = root

    def body(self) -> str:
        info = self._root["info"]
        return (
            f"<header><h1>{escape(info['title'])}</h1><p class=lead>{words(info['summary'])}</p>"
            f"{self._contents()}</header><main>{paragraphs(info['description'])}"
            f"{''.join(self._tag(tag) for tag in self._root['tags'])}{self._schemas()}</main>"
        )

    def _contents(self) -> str:
        items = "".join(
            f"<li><a href='#{_anchor(path)}'><code>{escape(path)}</code></a> "
            f"<small>{words(_first(methods)['summary'])}</small></li>"
            for path, methods in self._root["paths"].items()
        )
        return (
            f"<nav aria-label=Contents><ul>{items}<li><a href='#bodies'>Bodies</a></li>"
            "<li><a href='/openapi.yaml'>openapi.yaml</a></li></ul></nav>"
        )

    def _tag(self, tag: Node) -> str:
        sections = "".join(
            self._path(path, methods)
            for path, methods in self._root["paths"].items()
            if tag["name"] in _first(methods)["tags"]
        )
        return f"<h2>{escape(tag['name'])}</h2>{paragraphs(tag['description'])}{sections}"

    def _path(self, path: str, methods: Node) -> str:
        verbs = ", ".join(method.upper() for method in methods)
        first = _first(methods)
        told = [operation["description"] for operation in methods.values() if "description" in operation]
        parts = [
            f"<section id='{_anchor(path)}'><h3><span class=verb>{verbs}</span> <code>{escape(path)}</code><br>"
            f"<small>{words(first['summary'])}</small></h3>",
            "".join(paragraphs(text) for text in told),
            _code(self._curl(path, methods)),
            self._arguments(first),
            self._answers(first),
            "</section>",
        ]
        return "".join(parts)

    def _curl(self, path: str, methods: Node) -> str:
        """A line that asks this path, with the first example of a body if there is one."""
        public = _first(methods).get("security") == []
        lines = ["curl" if public else "curl --user KEY:PASSWORD"]
        lines[0] += f" {shlex.quote(_HOST + path.replace('{id}', '89709297'))}"
        content = methods.get("post", {}).get("requestBody", {}).get("content", {})
        examples = content.get("application/x-www-form-urlencoded", {}).get("examples", {}).values()
        for example in list(examples)[:1]:
            lines += [f"-d {shlex.quote(f'{name}={value}')}" for name, value in example["value"].items()]
        return " \\\n  ".join(lines)

    def _arguments(self, operation: Node) -> str:
        given = [self._resolved(parameter) for parameter in operation.get("parameters", [])]
        if not given:
            return ""
        items = "".join(
            f"<dt><code>{escape(one['name'])}</code> "
            f"<span class=kind>{self._type(one['schema'])}{', in the path' if one['in'] == 'path' else ''}</span>"
            f"{' <span class=needed>required</span>' if one.get('required') else ''}</dt>"
            f"<dd>{paragraphs(one['description'])}</dd>"
            for one in given
        )
        return f"<h4>Arguments</h4><dl>{items}</dl>"

    def _answers(self, operation: Node) -> str:
        items: list[str] = []
        for status, response in operation["responses"].items():
            answer = self._resolved(response)
            fine = "ok" if status.startswith("2") else "no"
            items.append(
                f"<dt><span class='status {fine}'>{status}</span> "
                f"<span class=kind>{self._media(answer)}</span></dt>"
                f"<dd>{paragraphs(answer['description'])}{self._examples(answer, fine == 'ok')}</dd>"
            )
        return f"<h4>Answers</h4><dl>{''.join(items)}</dl>"

    def _media(self, answer: Node) -> str:
        return ", ".join(
            f"<code>{escape(kind)}</code> {self._type(content['schema'])}"
            for kind, content in answer.get("content", {}).items()
        )

    def _examples(self, answer: Node, shown: bool) -> str:
        examples = [
            (example.get("summary", "An example"), example["value"])
            for content in answer.get("content", {}).values()
            for example in content.get("examples", {}).values()
        ]
        state = " open" if shown else ""
        return "".join(
            f"<details{state}><summary>{words(summary)}</summary>"
            f"{_code(json.dumps(value, indent=2, ensure_ascii=False))}</details>"
            for summary, value in examples
        )

    def _schemas(self) -> str:
        parts = ["<h2 id=bodies>Bodies</h2>"]
        for name, schema in self._root["components"]["schemas"].items():
            if name not in _PLAIN:
                parts.append(
                    f"<section id='{_schema_anchor(name)}'><h3>{escape(name)}</h3>"
                    f"{paragraphs(schema.get('description', ''))}{self._properties(schema)}</section>"
                )
        return "".join(parts)

    def _properties(self, schema: Node) -> str:
        required: list[str] = schema.get("required", [])
        items: list[str] = []
        for name, inner in schema["properties"].items():
            maybe = "" if name in required else " <span class=kind>(not always there)</span>"
            told = paragraphs(inner["description"]) if "description" in inner else ""
            nested = self._properties(inner) if "properties" in inner else ""
            items.append(
                f"<dt><code>{escape(name)}</code> <span class=kind>{self._type(inner)}</span>{maybe}</dt>"
                f"<dd>{told}{nested}</dd>"
            )
        return f"<dl>{''.join(items)}</dl>"

    def _type(self, schema: Node) -> str:
        """A schema in a few words."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return _PLAIN.get(name) or f"<a href='#{_schema_anchor(name)}'>{escape(name)}</a>"
        if "const" in schema:
            return f"<code>{escape(json.dumps(schema['const']))}</code>"
        if "enum" in schema:
            return " or ".join(f"<code>{escape(str(word))}</code>" for word in schema["enum"])
        if "oneOf" in schema:
            return " or ".join(self._type(one) for one in schema["oneOf"])
        kind = schema["type"]
        if isinstance(kind, list):
            return " or ".join(_kind(word) for word in cast(list[str], kind))
        if kind == "array" and "$ref" in schema["items"]:
            return f"array of {self._type(schema['items'])}"
        return _kind(kind)

    def _resolved(self, node: Node) -> Node:
        if "$ref" not in node:
            return node
        found: Any = self._root
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found


def _kind(word: str) -> str:
    return {"string": "text"}.get(word, word)


def _first(methods: Node) -> Node:
    return next(iter(methods.values()))


def _anchor(path: str) -> str:
    return "path-" + "".join(one if one.isalnum() else "-" for one in path.strip("/")).strip("-")


def _schema_anchor(name: str) -> str:
    return f"body-{name.lower()}"


def _code(text: str) -> str:
    """A block that scrolls by itself on a narrow screen, and so can be reached by the keyboard."""
    return f"<pre tabindex=0><code>{escape(text, quote=False)}</code></pre>"
