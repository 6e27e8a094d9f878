"""Contacts that other programs read and write for us. They hold something of each kind."""

from __future__ import annotations

from contactport.contact import (
    Address,
    Contact,
    Email,
    Labelled,
    LabelledDate,
    Name,
    Organisation,
    PartialDate,
    Phone,
    Photo,
)

ADA = Contact(
    uid="f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    formatted_name="Ada Lovelace",
    name=Name("Lovelace", "Ada", "Byron", "Lady", "MD"),
    nicknames=["Countess", "A, B"],
    emails=[Email("ada@example.org", ("home",), "Grandma's", primary=True), Email("b@example.org")],
    phones=[Phone("+1 555", ("cell", "voice"))],
    addresses=[Address("", "2nd", "1 Way; North, x", "Ham", "R", "123", "DE", "a\nb", ("work",))],
    organisations=[Organisation("Acme; Inc.", ["North"])],
    titles=["Engineer"],
    roles=["Analyst"],
    birthday=PartialDate(None, 12, 10),
    anniversary=PartialDate(1835, 7, 8),
    dates=[LabelledDate(PartialDate(1840, 1, 2), "First")],
    notes=["a\nb, c; d\\e ünï"],
    urls=[Labelled("https://a.example/?a,b;c")],
    messengers=[Labelled("xmpp:ada@example.org")],
    relations=[Labelled("Byron", ("parent",))],
    photos=[Photo("image/png", b"\x89PNG1234")],
    categories=["a,b", "c"],
)
BEN = Contact(uid="urn:x:ben", formatted_name="Ben", phones=[Phone("1")])
