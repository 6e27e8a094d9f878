"""LDIF (RFC 2849): the entries of a directory, as Thunderbird and LDAP servers export people and lists.

Attributes are those of inetOrgPerson (RFC 2798, RFC 4519) and of Mozilla's classes, under their older names too. A
list names its members by their DN, so a contact's UID is its DN; where that is a single `uid=…`, as it is written
here, it is that value. `entries` finds the entries, `attributes` says what each attribute is.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from contactport.contact import Contact, Group, Item, Note, Reject, RejectedRecord, Skipped
from contactport.formats.budgets import kept
from contactport.formats.charsets.decode import decode
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.ldif.attributes import person, written
from contactport.formats.ldif.entries import TOO_LARGE, LdifEntry, entries
from contactport.formats.registry import NO_GROUPS, Groups

__all__ = ["read", "write"]

_Text = Callable[[bytes], str]
_LISTS = frozenset({"groupofnames", "groupofuniquenames", "mozillaablist", "group"})
_THINGS = (
    "organizationalunit",
    "dcobject",
    "domain",
    "organization",
    "locality",
    "device",
    "country",
    "account",
)
_PEOPLE = frozenset(
    {"person", "inetorgperson", "organizationalperson", "mozillaabpersonalpha", "contact", "user"}
)
_OUR_DN = re.compile(r"uid=((?:[^,+\\]|\\.)*)", re.IGNORECASE | re.DOTALL)
_HEX = re.compile(r"(?:\\[0-9A-Fa-f]{2})+|\\(.)", re.DOTALL)
_SAFE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x1f!-9;=-\x7f][\x01-\x09\x0b\x0c\x0e-\x7f]*")
"""RFC 2849's SAFE-STRING."""
_SPECIAL = re.compile(r'[,+"\\<>;=#\x00-\x1f]')
_EMPTY = "this entry says nothing about a person"
_NO_CONTENT = "this is a change that adds no entry"
_WIDTH = 76


def read(chunks: Iterable[bytes], *, evidence: Evidence | None = None) -> Iterator[Item]:
    """Every entry of a file, in order. Never raises for bad input.

    An entry that can't be read is a Reject at its first line. Values that are not UTF-8, which RFC 2849 doesn't
    allow, are read as the others of the source are.
    """
    evidence = Evidence() if evidence is None else evidence

    def text(octets: bytes) -> str:
        try:
            return octets.decode()
        except UnicodeDecodeError:
            evidence.add(octets)
            return decode(octets, evidence=evidence)

    for entry in entries(chunks):
        item = _item(entry, text)
        if item is None:
            continue
        yield from kept(item, f"line {entry.line}")
        if isinstance(item, Contact | Group):
            yield from (Note(f"line {entry.line}", reason) for reason in entry.told)


def _item(entry: LdifEntry, text: _Text) -> Item | None:
    """What an entry is; None for one that holds nothing but the version or a comment."""
    if TOO_LARGE in entry.told:
        return Reject(f"line {entry.line}", TOO_LARGE)
    names = {name for name, _ in entry.attributes}
    if names <= {"version"}:
        return _reject(entry, _EMPTY) if entry.told else None
    single = dict(reversed(entry.attributes))
    change = text(single.get("changetype", b"add")).strip().lower()
    if change != "add":
        return _reject(entry, _NO_CONTENT)
    classes = {text(value).strip().lower() for name, value in entry.attributes if name == "objectclass"}
    uid = identity(text(single.get("dn", b"")))
    if classes & _LISTS:
        return _group(entry, uid, text)
    if not classes & _PEOPLE:
        thing = next((name for name in _THINGS if name in classes), None)
        if thing is not None:
            return Skipped(thing)
    contact = person(entry.attributes, text)
    if contact == Contact(revision=contact.revision):
        return _reject(entry, _EMPTY)
    contact.uid = uid
    return contact


def _reject(entry: LdifEntry, reason: str) -> Reject:
    data = b"".join(entry.raw).removesuffix(b"\n").removesuffix(b"\r")
    return Reject(f"line {entry.line}", reason, RejectedRecord(data, "ldif"))


def _group(entry: LdifEntry, uid: str, text: _Text) -> Group:
    some = person(entry.attributes, text)
    members = [
        member
        for name, value in entry.attributes
        if name in ("member", "uniquemember") and (member := identity(text(value)))
    ]
    return Group(some.formatted_name, uid, members, some.emails, some.phones, some.notes)


def identity(dn: str) -> str:
    """The UID that a DN stands for, so that members and contacts compare."""
    dn = dn.strip()
    ours = _OUR_DN.fullmatch(dn)
    return _HEX.sub(_unescaped, ours[1]) if ours is not None else dn.lower()


def _unescaped(found: re.Match[str]) -> str:
    if found[1] is not None:
        return found[1]
    return bytes.fromhex(found[0].replace("\\", "")).decode(errors="replace")


def _dn(uid: str) -> str:
    """RFC 4514. A blank at either end would be lost."""
    escaped = _SPECIAL.sub(lambda found: f"\\{ord(found[0]):02x}", uid)
    if escaped[:1] == " ":
        escaped = "\\20" + escaped[1:]
    if escaped[-1:] == " ":
        escaped = escaped[:-1] + "\\20"
    return f"uid={escaped}"


def _line(name: str, value: bytes) -> bytes:
    """An attribute, in base64 where the value is no SAFE-STRING, folded."""
    if not value:
        return b""
    if _SAFE.fullmatch(value) is not None and value[-1:] != b" ":
        line = f"{name}: ".encode() + value
    else:
        line = f"{name}:: ".encode() + base64.b64encode(value)
    if len(line) <= _WIDTH:
        return line + b"\r\n"
    rest = range(_WIDTH, len(line), _WIDTH - 1)
    return b"\r\n ".join((line[:_WIDTH], *(line[at : at + _WIDTH - 1] for at in rest))) + b"\r\n"


def write(items: Iterable[Item], groups: Groups = NO_GROUPS) -> Iterator[bytes]:
    """An entry for each contact and each group, in UTF-8; what is neither is left out.

    `groups` gives the names of the groups that a UID belongs to, where the groups themselves are not among the items.
    """
    yield b"version: 1\r\n\r\n"
    for item in items:
        if isinstance(item, Contact):
            yield _person(item, groups.get(item.uid, ()))
        elif isinstance(item, Group):
            yield _list(item)
        else:
            yield b""


def _person(contact: Contact, groups: Sequence[str]) -> bytes:
    attributes = [(name, value) for name, value in written(contact, groups) if value]
    dn = _dn(contact.uid) if contact.uid else _anonymous(attributes)
    classes = ("top", "person", "organizationalPerson", "inetOrgPerson", "mozillaAbPersonAlpha")
    lines = [_line("dn", dn.encode(errors="replace"))]
    lines += [_line("objectclass", name.encode()) for name in classes]
    lines += [_line(name, value.encode(errors="replace")) for name, value in attributes]
    lines += [_line("jpegPhoto", photo.data) for photo in contact.photos if photo.data]
    return b"".join(lines) + b"\r\n"


def _anonymous(attributes: list[tuple[str, str]]) -> str:
    """A DN of the name and the address, as Thunderbird makes it."""
    first: dict[str, str] = {}
    for name, value in attributes:
        first.setdefault(name.lower(), value)
    parts = [f"{name}={_dn(first[name])[4:]}" for name in ("cn", "mail") if name in first]
    return ",".join(parts) or "cn=unnamed"


def _list(group: Group) -> bytes:
    lines = [_line("dn", _dn(group.uid or group.name).encode(errors="replace"))]
    lines += [_line("objectclass", name) for name in (b"top", b"groupOfNames")]
    lines.append(_line("cn", group.name.encode(errors="replace")))
    lines += [_line("mail", email.address.encode(errors="replace")) for email in group.emails]
    lines += [_line("telephoneNumber", phone.number.encode(errors="replace")) for phone in group.phones]
    lines += [_line("description", note.encode(errors="replace")) for note in group.notes]
    lines += [_line("member", _dn(member).encode(errors="replace")) for member in group.members]
    return b"".join(lines) + b"\r\n"
