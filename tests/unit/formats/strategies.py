"""Hypothesis strategies: contacts with any values, and bytes that look like vCard and often are not."""

from __future__ import annotations

from hypothesis import strategies as st

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Labelled,
    LabelledDate,
    Name,
    Organisation,
    PartialDate,
    Phone,
    Photo,
)

# Everything that UTF-8 can hold but a carriage return, which a reader of vCard never gives.
characters = st.characters(exclude_categories=("Cs",), exclude_characters="\r")
spiced = st.one_of(st.sampled_from(list("\\,;:\"^\n= \t'<>")), characters)
texts = st.text(spiced, min_size=1, max_size=30)
maybe_text = st.one_of(st.just(""), texts)
words = texts.map(str.strip).filter(bool)
numbers = texts.filter(lambda text: not text.lower().startswith("tel:"))
addresses = texts.filter(
    lambda text: not text.lower().startswith("mailto:") and not ("@" in text and set(text) & set(",;<"))
)
"""Texts that are read as they are: no scheme, and no list of addresses."""
accounts = texts.filter(lambda text: not text.lower().startswith("x-apple:"))
uids = texts.filter(lambda text: not text.lower().startswith("urn:uuid:"))
labels = st.one_of(
    st.none(),
    st.sampled_from(["Mobile", "home", "HomePage", "Grandma's"]),
    texts.filter(lambda text: not text.startswith("_$!<")),
)
kinds = st.lists(
    st.one_of(
        st.sampled_from(["HOME", "work", "CELL", "INTERNET", "x-pager"]),
        words.filter(lambda word: "," not in word and word.upper() != "PREF"),
    ),
    max_size=3,
).map(tuple[str, ...])
dates = st.one_of(
    st.dates().map(lambda date: PartialDate(None if date.year == 1604 else date.year, date.month, date.day)),
    st.dates().map(lambda date: PartialDate(None, date.month, date.day)),
    st.builds(PartialDate, month=st.integers(1, 12)),
    st.builds(PartialDate, day=st.integers(1, 31)),
    st.builds(PartialDate, year=st.integers(1700, 2100)),
    st.builds(PartialDate, year=st.integers(1700, 2100), month=st.integers(1, 12)),
    st.builds(PartialDate, text=texts),
)
media_types = st.sampled_from(["image/jpeg", "image/png", "image/svg+xml", "image/pref", ""])
photos = st.one_of(
    st.builds(Photo, media_type=media_types, data=st.binary(min_size=1, max_size=200)),
    st.builds(
        Photo,
        media_type=media_types,
        uri=st.sampled_from(["https://a.example/b,c;d.jpg", "HTTPS://a.example/1%5C2"]),
    ),
)
_address = st.builds(
    Address,
    **dict.fromkeys(
        ["po_box", "extended", "street", "city", "region", "postal_code", "country", "formatted"], maybe_text
    ),
    kinds=kinds,
    label=labels,
)


def _says_something(address: Address) -> bool:
    parts = (address.po_box, address.extended, address.street, address.city, address.region)
    return any((*parts, address.postal_code, address.country, address.formatted))


def _one_preferred(contact: Contact, which: int) -> Contact:
    """At most one of each list is preferred, as in whatever was read."""
    for entries in (contact.emails, contact.phones, contact.addresses, contact.urls):
        if which < len(entries):
            entries[which].primary = True
    return contact


def _once(messengers: list[Labelled]) -> list[Labelled]:
    return list({messenger.value: messenger for messenger in messengers}.values())


contacts = st.builds(
    _one_preferred,
    st.builds(
        Contact,
        uid=st.one_of(st.just(""), st.uuids().map(str), uids),
        name=st.builds(
            Name, **dict.fromkeys(["family", "given", "additional", "prefixes", "suffixes"], maybe_text)
        ),
        formatted_name=texts,
        nicknames=st.lists(words, max_size=3),
        phonetic_given=maybe_text,
        phonetic_family=maybe_text,
        emails=st.lists(st.builds(Email, addresses, kinds, labels), max_size=3),
        phones=st.lists(st.builds(Phone, numbers, kinds, labels), max_size=3),
        addresses=st.lists(_address.filter(_says_something), max_size=2),
        organisations=st.lists(st.builds(Organisation, texts, st.lists(texts, max_size=2)), max_size=2),
        titles=st.lists(texts, max_size=2),
        roles=st.lists(texts, max_size=2),
        birthday=st.none() | dates,
        anniversary=st.none() | dates,
        dates=st.lists(
            st.builds(
                LabelledDate, dates, labels.filter(lambda label: (label or "").lower() != "anniversary")
            ),
            max_size=2,
        ),
        notes=st.lists(texts, max_size=2),
        urls=st.lists(st.builds(Labelled, texts, kinds, labels), max_size=2),
        messengers=st.lists(st.builds(Labelled, accounts, kinds, labels), max_size=2).map(_once),
        relations=st.lists(st.builds(Labelled, texts, kinds, labels), max_size=2),
        photos=st.lists(photos, max_size=1),
        categories=st.lists(words, max_size=3),
        revision=maybe_text,
    ),
    st.integers(0, 3),
)
groups = st.builds(
    Group,
    maybe_text,
    st.one_of(st.just(""), uids),
    st.lists(uids, max_size=3),
    emails=st.lists(
        st.builds(Email, st.sampled_from(["team@example.org", "a;b"]), kinds, labels), max_size=2
    ),
    phones=st.lists(st.builds(Phone, numbers, kinds, labels), max_size=2),
    notes=st.lists(texts, max_size=2),
    categories=st.lists(words, max_size=2),
)

_fragments = [
    *(b"BEGIN:VCARD", b"END:VCARD", b"begin:vcard", b"End : vCard", b"BEGIN:VCARD\r\n", b"\r\nEND:VCARD\r\n"),
    *(b"\r\n", b"\n", b"\r", b"\r\n ", b"\n ", b"\n\t", b"\r ", b" ", b"\t", b"\0", b"\x1a", b"\xef\xbb\xbf"),
    *(b"VERSION:3.0", b"VERSION:2.1", b"VERSION:4.0", b"N:", b"FN:", b"A;B;C", b"a,b", b"EMAIL;TYPE=HOME:"),
    *(b"TEL;CELL:", b'TEL;TYPE="a:b",c:', b'ADR;LABEL="x\\n:y":;;', b"LABEL;HOME:", b"item1.ADR:;;x"),
    *(b"item1.X-ABLabel:", b"_$!<home>!$_", b"NOTE:", b"NOTE;ENCODING=QUOTED-PRINTABLE:", b"=\r\n", b"=3D"),
    *(b"=C3=A9", b"=3B", b"=5C", b"=5Cn", b";CHARSET=windows-1251:", b"\xc3\xa9", b"\xe9", b"\xc3", b"\xff"),
    *(b"PHOTO;ENCODING=b;TYPE=JPEG:", b"PHOTO:data:image/png;base64,", b"PHOTO;BASE64:", b"AAAA", b"AA=="),
    *(
        b"AGENT:",
        b"AGENT:BEGIN:VCARD",
        b"KIND:group",
        b"\nKIND:group\nEMAIL;TYPE=pref:",
        b"MEMBER:urn:uuid:1",
        b"KIND:org",
        b"BDAY:1604-02-29",
    ),
    *(b"BDAY;VALUE=text:", b"X-ABDATE:", b"IMPP;X-SERVICE-TYPE=Skype:x-apple:", b"X-AIM:", b"RELATED:"),
    *(
        b"UID:urn:uuid:",
        b"ORG:;",
        b"CATEGORIES:",
        b"NICKNAME:",
        b"PREF=1",
        b";PREF=2:",
        b"\\",
        b"\\n",
        b"\\,",
    ),
    *(
        b"END:VCARDBEGIN:VCARD",
        b"END:VCARD \xef\xbb\xbfBEGIN:VCARD\r\n",
        b"\n END:VCARD\n",
        b"\n\tBEGIN:VCARD\r\n",
    ),
    *(
        b"\nAGENT:BEGIN:VCARD\n N:x\n END:VCARD\n",
        b"\nAGENT:\n",
        b"\n# comment\n",
        b"VCARD",
        b"VERSION:3.0\n",
    ),
    *(b"\nURL;ENCODING=QUOTED-PRINTABLE:x?q=\n", b"=0D=0A=\n", b"\nend:vcard\n", b"\n end:vcard\n"),
    *(
        b";X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=41=0D",
        b"=2C):",
        b"X-SAMSUNGADR:;;x",
        b"X-messaging/aim-All:",
    ),
    *(b":", b";", b'"', b"^n", b"=", b"X-ANDROID-CUSTOM:vnd/relation;b;1;", b"TEL", b"x", b"ZZZ:y", b"10:30"),
]
soups = st.lists(st.one_of(st.sampled_from(_fragments), st.binary(max_size=3)), max_size=60).map(b"".join)
"""Bytes made of what vCards are made of, in no order."""


@st.composite
def cards(draw: st.DrawFn) -> bytes:
    """A card with sound edges and anything within."""
    end = draw(st.sampled_from([b"\r\n", b"\n", b"\r"]))
    lines = draw(st.lists(st.lists(st.sampled_from(_fragments), max_size=5).map(b"".join), max_size=8))
    return end.join([b"BEGIN:VCARD", b"VERSION:3.0", *lines, b"END:VCARD", b""])


@st.composite
def chunked(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes cut anywhere."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
