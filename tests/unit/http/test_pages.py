"""The pages and the description: made of one file, from nobody else."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
import yaml

from contactport import __version__
from contactport.errors import ROWS
from contactport.http.pages.documentation import description
from contactport.sources.providers import providers
from tests.unit.http.asgi import ask
from tests.unit.http.conftest import Build

ROOT: dict[str, Any] = yaml.safe_load(description())


class ParsedPage(HTMLParser):
    """Tags, attributes and ids of a page, and whether every tag was closed."""

    VOID = frozenset({"meta", "br"})

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


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_a_page_holds_no_script_no_inline_style_and_nothing_from_elsewhere(
    wire: Build, path: str
) -> None:
    answer = await ask(wire(), "GET", path)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = ParsedPage(answer.body.decode())
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "form", "base"} & set(page.tags)
    assert not [one for _, one, _ in page.attributes if one == "style" or one.startswith("on")]
    assert all(link.startswith(("#", "/")) for link in page.values("href"))


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_the_policy_of_a_page_lets_its_own_style_in(wire: Build, path: str) -> None:
    answer = await ask(wire(), "GET", path)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.body.decode(), re.DOTALL)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]


async def test_the_documentation_tells_every_path_argument_and_body(wire: Build) -> None:
    text = (await ask(wire(), "GET", "/docs")).body.decode()
    page = ParsedPage(text)
    for path in ROOT["paths"]:
        assert f"<code>{path}</code>" in text
    for parameter in ROOT["components"]["parameters"].values():
        assert f"<code>{parameter['name']}</code>" in text
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in page.values("href") if link.startswith("#")} <= set(ids)


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
    assert [code for code, row in body.items() if "alias_of" not in row] == list(providers())
    for code, row in body.items():
        assert ("secret" in row) == (row["method"] == "password"), code
        assert not {"start", "credential_hosts", "protocol", "paths"} & set(row)


async def test_health_is_cheap_and_says_the_version(wire: Build) -> None:
    assert (await ask(wire(), "GET", "/health")).json() == {"status": "ok", "version": __version__}
