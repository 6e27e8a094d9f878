"""One page of a listing as JSON: read within bounds, so that one broken record costs itself and not the page."""

from __future__ import annotations

import json
from typing import Any, cast

import msgspec

from contactport.net.failures import Unreadable

_raw_values = msgspec.json.Decoder(dict[str, msgspec.Raw])
_raw_items = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder()
_NOT_JSON = "its JSON is broken"
_NO_LIST = "its list of records is missing"


class JsonPage(msgspec.Struct):
    """`items` are the JSON texts of the records, in their order; `values` is what stands beside them."""

    items: list[bytes]
    values: dict[str, Any]


def parse_page(body: bytes, field: str, *, always: bool = False) -> JsonPage:
    """Of an object that has its records in a list named `field`. Raises Unreadable where it is none.

    Some providers leave an empty list out; with `always` a list that is missing is no empty one.
    """
    try:
        return _strict(body, field, always)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise Unreadable("its JSON is nested too deeply") from None
    try:
        return _strict(_mended(body), field, always)
    except (ValueError, msgspec.MsgspecError):
        raise Unreadable(_NOT_JSON) from None
    except RecursionError:
        raise Unreadable("its JSON is nested too deeply") from None


def parse_object(body: bytes) -> dict[str, Any] | None:
    """One object; None where it is anything else."""
    try:
        value = _any.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _strict(body: bytes, field: str, always: bool) -> JsonPage:
    found = _raw_values.decode(body)
    listed = found.pop(field, None)
    if listed is None and always:
        raise Unreadable(_NO_LIST)
    items = [] if listed is None else [bytes(item) for item in _raw_items.decode(listed)]
    return JsonPage(items, {name: _any.decode(value) for name, value in found.items()})


def _mended(body: bytes) -> bytes:
    """The same without what JSON forbids and some servers write: control characters, halves of surrogate pairs,
    octets that are no UTF-8."""
    value = json.loads(body.decode("utf-8", "replace"), strict=False)
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
