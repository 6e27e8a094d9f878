"""What the process remembers of prefixes: well-known words, and none of a user's."""

from __future__ import annotations

import gc
import secrets
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Contact
from contactport.formats import vcard
from contactport.formats.cloudsponge import to_wire
from contactport.formats.vcard import params, properties


def contact(*lines: str) -> Contact:
    rows = ["BEGIN:VCARD", "VERSION:3.0", "FN:A", *lines, "END:VCARD", ""]
    (item,) = vcard.read(["\r\n".join(rows).encode()])
    assert isinstance(item, Contact)
    return item


@pytest.mark.parametrize(
    "prefix",
    [
        *("TEL", "tel;type=home", "item1.EMAIL;type=INTERNET;type=pref", 'TEL;VALUE=uri;TYPE="voice,work"'),
        *("EMAIL;TYPE=work;PREF=1", "BDAY;X-APPLE-OMIT-YEAR=1604", "PHOTO;ENCODING=b;TYPE=JPEG", "X-ABUID"),
        *("NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE", "IMPP;X-SERVICE-TYPE=Skype;type=HOME"),
    ],
)
def test_the_usual_heads_are_remembered(prefix: str) -> None:
    assert properties.lasts(prefix.encode())


@pytest.mark.parametrize(
    "prefix",
    [
        *("TEL;TYPE={}", "TEL;{}", "{}.TEL", "X-{}", "TEL;X-{}=1", "TEL;PREF={}", "{}", "ADR;LABEL={}"),
        *("TEL;ENCODING={}", "TEL;CHARSET={}", "TEL;VALUE={}", "TEL;LANGUAGE={}", 'TEL;TYPE="home,{}"'),
        *("IMPP;X-SERVICE-TYPE={}", 'ADR;LABEL="{}";TYPE=home', "BDAY;X-APPLE-OMIT-YEAR={}"),
    ],
)
def test_a_head_with_a_word_of_a_user_s_is_forgotten(prefix: str) -> None:
    # Made here: pytest keeps what parameters say.
    word = f"k{secrets.token_hex(8)}"
    for spelt in (word, word.upper()):
        filled = prefix.format(spelt)
        to_wire(contact(f"{filled}:1", f"{filled};type=home:x", f"{filled};CHARSET=windows-1251:\u00e9"))
    del spelt, filled
    gc.collect()
    # Every dictionary of the process is looked through, whoever keeps it, but for this test's own variables.
    for each in gc.get_objects():
        if isinstance(each, dict):
            for key in list(cast("dict[object, object]", each)):
                if isinstance(key, str | bytes | tuple):
                    assert word not in repr(cast("object", key)).lower()


@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n"), min_size=1, max_size=12))
def test_no_word_beyond_the_closed_list_lasts(word: str) -> None:
    prefix = f"TEL;TYPE={word}".encode()
    if properties.lasts(prefix):
        parts = word.upper().translate(str.maketrans(dict.fromkeys(';=,.:"\t\x0b\x0c', " "))).split()
        assert all(part.encode() in params.known(properties.PROPERTIES) for part in parts)


def test_kinds_are_spelt_as_before_however_they_are_written() -> None:
    for written, told in [
        ("HOME", "Home"),
        ("home", "Home"),
        ("hOmE", "hOmE"),
        ("CELL", "Mobile"),
        ("voice", "Other"),
    ]:
        assert to_wire(contact(f"TEL;TYPE={written}:1")).phone[0].type == told
    assert to_wire(contact("TEL;TYPE=VOICE;TYPE=x-Boat:1")).phone[0].type == "x-Boat"
