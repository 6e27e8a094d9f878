"""JSContact's words beside those of vCard: contexts and features for kinds, components for parts."""

from __future__ import annotations

CONTEXTS = {"private": "HOME", "work": "WORK"}
ADDRESS_CONTEXTS = {**CONTEXTS, "billing": "BILLING", "delivery": "DELIVERY"}
FEATURES = {
    "mobile": "CELL",
    "voice": "VOICE",
    "text": "TEXT",
    "video": "VIDEO",
    "main-number": "MAIN-NUMBER",
    "textphone": "TEXTPHONE",
    "fax": "FAX",
    "pager": "PAGER",
}
"""Each word of JSContact with the kind that stands for it (RFC 9555 sections 2.2 and 2.7)."""
NAME_PARTS = {
    "title": "prefixes",
    "given": "given",
    "given2": "additional",
    "surname": "family",
    "surname2": "family",
    "generation": "suffixes",
    "credential": "suffixes",
}
NAME_KINDS = (
    ("prefixes", "title"),
    ("given", "given"),
    ("additional", "given2"),
    ("family", "surname"),
    ("suffixes", "credential"),
)
ADDRESS_PARTS = {
    "postOfficeBox": "po_box",
    "room": "extended",
    "apartment": "extended",
    "floor": "extended",
    "building": "extended",
    "number": "street",
    "name": "street",
    "block": "street",
    "direction": "street",
    "landmark": "street",
    "subdistrict": "street",
    "district": "street",
    "locality": "city",
    "region": "region",
    "postcode": "postal_code",
    "country": "country",
}
ADDRESS_KINDS = (
    ("po_box", "postOfficeBox"),
    ("extended", "apartment"),
    ("street", "name"),
    ("city", "locality"),
    ("region", "region"),
    ("postal_code", "postcode"),
    ("country", "country"),
)
