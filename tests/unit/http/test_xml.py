"""XML as Rails writes it."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from contactport.http.wire import xml

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def test_every_kind_of_value_says_what_it_is() -> None:
    values = {
        "import_id": 7,
        "primary": True,
        "echo": None,
        "user_id": "a",
        "created_at": "2016-04-12T15:22:20.000+00:00",
        "ended_at": None,
        "phone": [],
        "companies": ["X & Y"],
        "error": {"code": 2, "message": "<no>"},
    }
    assert xml.document("result", values).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><result>'
        '<import-id type="integer">7</import-id>'
        '<primary type="boolean">true</primary>'
        '<echo nil="true"/>'
        "<user-id>a</user-id>"
        '<created-at type="datetime">2016-04-12T15:22:20.000+00:00</created-at>'
        '<ended-at nil="true"/>'
        '<phone type="array"/>'
        '<companies type="array"><company>X &amp; Y</company></companies>'
        '<error><code type="integer">2</code><message>&lt;no&gt;</message></error>'
        "</result>"
    )


def test_arrays_have_children_of_a_singular_name() -> None:
    names = ("events", "contacts", "phone", "email", "address", "companies", "groups", "photos", "locations")
    singular = ["event", "contact", "phone", "email", "address", "company", "group", "photo", "location"]
    assert [ElementTree.fromstring(xml.element(name, ["x"]))[0].tag for name in names] == singular


@given(st.text())
def test_any_text_comes_back_without_what_xml_forbids(text: str) -> None:
    root = ElementTree.fromstring(xml.document("result", {"echo": text}))
    assert (root.findtext("echo") or "") == FORBIDDEN.sub("", text)


@given(
    st.dictionaries(st.sampled_from(["first_name", "type", "city"]), st.none() | st.text() | st.integers())
)
def test_nil_is_never_false(values: dict[str, Any]) -> None:
    root = ElementTree.fromstring(xml.document("result", values))
    assert {one.tag: one.get("nil") for one in root} == {
        name.replace("_", "-"): "true" if value is None else None for name, value in values.items()
    }
