"""Pages and the description: complete, without parts from other hosts."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jinja2 import UndefinedError

from contactport import __version__
from contactport.errors import ROWS
from contactport.http.assets import FOR_GOOD
from contactport.http.pages.documentation import description
from contactport.http.pages.page import page, page_file
from tests.servers.source_run import PROVIDERS
from tests.unit.http.asgi import ask
from tests.unit.http.conftest import Build

ROOT: dict[str, Any] = yaml.safe_load(description())

ENDED = {"title": "Done", "text": "It is done.", "domain": "shop", "provider": "Willow", "failed": False}


class ParsedPage(HTMLParser):
    """Tags, attributes and ids of a page, and whether every tag was closed."""

    VOID = frozenset({"meta", "br", "link", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, name: str) -> list[str]:
        return [value for _, one, value in self.attributes if one == name and value is not None]


EVERY_PAGE = pytest.mark.parametrize("path", ["/", "/docs", "/docs/nothing", "/n/VTGHPM3", "/auth"])


@EVERY_PAGE
async def test_a_page_holds_no_script_no_inline_style_and_nothing_from_elsewhere(
    wire: Build, path: str
) -> None:
    answer = await ask(wire(), "GET", path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    html = ParsedPage(answer.body.decode())
    assert html.open == []
    assert not {"script", "style", "img", "iframe", "base"} & set(html.tags)
    assert not [one for _, one, _ in html.attributes if one == "style" or one.startswith("on")]
    assert all(link.startswith(("#", "/", "data:,")) for link in html.values("href"))
    assert (html.tags.count("h1"), html.tags.count("main"), html.values("lang")) == (1, 1, ["en"])


@EVERY_PAGE
async def test_a_page_lets_its_own_style_sheet_in_and_nothing_else(wire: Build, path: str) -> None:
    application = wire()
    answer = await ask(application, "GET", path)
    policy = {part.strip() for part in answer.headers["content-security-policy"].split(";")}
    wanted = {
        "default-src 'none'",
        "img-src data:",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    }
    assert policy == wanted | {"form-action 'none'"}
    (link,) = [one for one in ParsedPage(answer.body.decode()).values("href") if one.endswith(".css")]
    sheet = await ask(application, "GET", link)
    assert (sheet.status, sheet.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert sheet.headers["cache-control"] == FOR_GOOD
    assert sheet.headers["cross-origin-resource-policy"] == "same-origin"
    assert b"prefers-color-scheme: dark" in sheet.body
    assert b"url(" not in sheet.body
    assert b"@import" not in sheet.body


async def test_a_page_in_which_nothing_is_left_to_do_closes_its_window(wire: Build) -> None:
    ended = page("end", ENDED, script="close")
    assert "script-src 'self'" in ended.headers["content-security-policy"]
    (script,) = ParsedPage(bytes(ended.body).decode()).values("src")
    answer = await ask(wire(), "GET", script)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert answer.headers["cache-control"] == FOR_GOOD
    assert b"window.close()" in answer.body


async def test_a_file_of_another_version_is_ours_and_not_kept(wire: Build) -> None:
    application = wire()
    answer = await ask(application, "GET", "/assets/style-0123456789abcdef.css")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.body == page_file("style", "css").body
    for name in (
        "style.css",
        "style-0123456789abcdef.css.map",
        "..%2Fpage.py",
        "page.py",
        "close-0123456789abcdef.css",
    ):
        assert (await ask(application, "GET", f"/assets/{name}")).status == 404


def test_what_a_page_is_given_is_never_markup() -> None:
    hostile = "<script>alert(1)</script>\"'&"
    given = {"title": hostile, "text": hostile, "domain": hostile, "provider": hostile, "failed": False}
    html = bytes(page("end", given).body).decode()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 5


def test_a_page_that_is_not_given_all_it_needs_is_no_page() -> None:
    with pytest.raises(UndefinedError):
        page("end", {"title": "Done", "text": "It is done."})


async def test_the_documentation_tells_every_path_argument_and_body(wire: Build) -> None:
    text = (await ask(wire(), "GET", "/docs")).body.decode()
    parsed = ParsedPage(text)
    for path in ROOT["paths"]:
        assert f"<code>{path}</code>" in text
    for parameter in ROOT["components"]["parameters"].values():
        assert f"<code>{parameter['name']}</code>" in text
    ids = parsed.values("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in parsed.values("href") if link.startswith("#")} <= set(ids)


async def test_the_description_is_served_as_it_is(wire: Build) -> None:
    answer = await ask(wire(), "GET", "/openapi.yaml")
    assert (answer.headers["content-type"], answer.body) == ("application/yaml; charset=utf-8", description())
    assert ROOT["info"]["version"] == __version__


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        found: Any = ROOT
        for step in str(node["$ref"]).removeprefix("#/").split("/"):  # pyright: ignore[reportUnknownArgumentType]
            found = found[step]
        node = found
    return node  # pyright: ignore[reportUnknownVariableType]


def contents() -> list[tuple[str, Any]]:
    """Every body that the description has examples of."""
    found: dict[str, Any] = {}
    for path, methods in ROOT["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody")
            answers = {"body": body} if body else {}
            answers |= {str(status): answer for status, answer in operation["responses"].items()}
            for name, answer in answers.items():
                for kind, content in resolved(answer).get("content", {}).items():
                    found[f"{method} {path} {name} {kind}"] = content
    return list(found.items())


@pytest.mark.parametrize(
    ("place", "content"), contents(), ids=lambda given: given if isinstance(given, str) else ""
)
def test_every_example_is_of_its_schema(place: str, content: Any) -> None:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": ROOT["components"]}
    schema |= content["schema"]
    for name, example in content.get("examples", {}).items():
        assert jsonschema_rs.is_valid(schema, example["value"]), f"{place}: {name}"


def test_every_example_of_an_error_has_the_table_s_own_words() -> None:
    texts = {int(row.code): row.text for row in ROWS.values()}
    told = {
        (example["value"]["error"]["code"], example["value"]["error"]["message"])
        for place, content in contents()
        # What /ready says is no error of a request, and is for machines.
        if " 200 " not in place and " body " not in place and " /ready " not in place
        for example in content.get("examples", {}).values()
    }
    shared = {1, 259, 260, 261, 263, 513}
    assert {(code, text) for code, text in told if code in shared} == {(code, texts[code]) for code in shared}


async def test_services_are_all_there_with_what_to_ask_for_and_no_more(wire: Build) -> None:
    body = (await ask(wire(), "GET", "/services.json")).json()
    assert [code for code, row in body.items() if "alias_of" not in row] == [row.code for row in PROVIDERS]
    for code, row in body.items():
        assert ("secret" in row) == ("password" in row["methods"]), code
        assert not {"start", "credential_hosts", "protocol", "paths"} & set(row)


async def test_health_is_cheap_and_says_the_version(wire: Build) -> None:
    assert (await ask(wire(), "GET", "/health")).json() == {"status": "ok", "version": __version__}
