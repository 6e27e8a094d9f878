"""Prefix of a property, before its colon: group, name and parameters (RFC 6350 section 3.3, and vCard 2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

import msgspec

from contactport.formats import budgets

_COUNTED = 100
"""Parameters of one property that are looked at, and so the words of a TYPE."""
_PREFIX = re.compile(rb'((?:[^":]++|"[^"]*+")*+):')
_PARAMETER = re.compile(r'((?:[^";]++|"[^"]*+"|")*+)(?:;|$)')
_NAME = re.compile(r"[A-Z0-9][A-Z0-9_-]*|X-[^\s\"=]+")
_CARET = re.compile(r"\^[n^']")
_CUSTOM = re.compile(
    r"X-CUSTOM\((?:CHARSET=[^,()]*,)?(?:ENCODING=QUOTED-PRINTABLE,)?([^()]*)\)?", re.IGNORECASE
)
_NO_WORD = re.compile(r"[\x00-\x1f\x7f,]")
"""What a kind can't have: a comma separates kinds, and a line end would end the property."""
_OCTET = re.compile(rb"=([0-9A-Fa-f]{2})")
_MEANS = {"^n": "\n", "^^": "^", "^'": '"'}
_ENCODINGS = {"QUOTED-PRINTABLE": "Q", "Q": "Q", "BASE64": "B", "B": "B", "7BIT": "", "8BIT": ""}
_PLACES = frozenset({"URL", "URI", "INLINE", "CID", "CONTENT-ID", "BINARY"})


_BETWEEN_WORDS = re.compile(rb'[;=,.:"\s]+')
_PREFIX_BYTES = 96

_KINDS = """
HOME WORK CELL VOICE FAX PAGER TEXT VIDEO TEXTPHONE INTERNET PREF MAIN OTHER MOBILE MSG BBS MODEM CAR ISDN PCS
DOM INTL POSTAL PARCEL X400 AOL APPLELINK ATTMAIL CIS EWORLD IBMMAIL MCIMAIL POWERSHARE PRODIGY TLX SMTP
EXCHANGE IPHONE SCHOOL WORKFAX HOMEFAX OTHERFAX ASSISTANT CALLBACK COMPANY RADIO TELEX TTYTDD CONTACT
ACQUAINTANCE FRIEND MET CO-WORKER COLLEAGUE CO-RESIDENT NEIGHBOR CHILD PARENT SIBLING SPOUSE KIN MUSE CRUSH DATE
SWEETHEART ME AGENT EMERGENCY PERSONAL BUSINESS HOMEPAGE PROFILE BLOG FTP BROTHER SISTER MOTHER FATHER PARTNER
MANAGER RELATIVE REFERRED-BY SON DAUGHTER X-IRMC-N X-MOBILE
"""
KINDS = tuple(_KINDS.split())
"""The most frequent words of TYPE."""
_PARAMETERS = """
TYPE PREF ENCODING CHARSET VALUE LANGUAGE MEDIATYPE PHONETIC X-SERVICE-TYPE SERVICE-TYPE X-APPLE-OMIT-YEAR
X-EVOLUTION-UI-SLOT X-MAILER
"""
_PARAMETER_VALUES = """
QUOTED-PRINTABLE Q BASE64 B 7BIT 8BIT URL URI INLINE CID CONTENT-ID BINARY TEXT DATE DATE-TIME TIME
DATE-AND-OR-TIME TIMESTAMP INTEGER FLOAT BOOLEAN LANGUAGE-TAG UTC-OFFSET PHONE-NUMBER VCARD 1604 UTF-8 UTF8
US-ASCII ASCII ISO-8859-1 ISO-8859-2 ISO-8859-9 ISO-8859-15 WINDOWS-1250 WINDOWS-1251 WINDOWS-1252 WINDOWS-1253
WINDOWS-1254 WINDOWS-1255 WINDOWS-1256 SHIFT_JIS GB2312 GBK GB18030 BIG5 EUC-KR EUC-JP ISO-2022-JP KOI8-R KOI8-U
JPEG JPG PNG GIF BMP TIFF WEBP SVG IMAGE/JPEG IMAGE/JPG IMAGE/PNG IMAGE/GIF IMAGE/BMP IMAGE/WEBP IMAGE/SVG+XML
IMAGE/TIFF IMAGE/HEIC AIM GADUGADU GOOGLETALK ICQ JABBER MSN QQ SKYPE YAHOO FACEBOOK TWITTER LINKEDIN FLICKR
MYSPACE XMPP SINAWEIBO INSTAGRAM GITHUB MASTODON TELEGRAM WHATSAPP SIGNAL MATRIX SIP IRC GROUPWISE EN EN-US
EN-GB DE DE-DE DE-AT DE-CH FR FR-FR ES ES-ES IT IT-IT NL NL-NL PT PT-BR PT-PT PL PL-PL SV SV-SE DA DA-DK NB-NO
FI FI-FI CS CS-CZ HU HU-HU RU RU-RU UK TR TR-TR EL HE AR JA JA-JP KO KO-KR ZH ZH-CN ZH-TW JYUT PINY IPA SCRIPT
"""
_EXTENSIONS = """
X-ABUID X-ABADR X-ABSHOWAS X-ABORDER X-ABPHOTO X-ADDRESSBOOKSERVER-PHONEME-DATA X-IMAGEHASH X-IMAGETYPE
X-SHARED-PHOTO-DISPLAY-PREF X-ADDRESSING-GRAMMAR X-APPLE-SUBLOCALITY X-CLASS X-GENDER X-PHONETIC-MIDDLE-NAME
X-PHONETIC-ORG X-MAIDENNAME X-FILE-AS X-CREATED X-EVOLUTION-FILE-AS X-EVOLUTION-CALLBACK X-EVOLUTION-WEBDAV-ETAG
X-EVOLUTION-RADIO X-EVOLUTION-TELEX X-EVOLUTION-TTYTDD X-EVOLUTION-E-SLOT X-COUCHDB-UUID X-MOZILLA-HTML
X-MOZILLA-PROPERTY X-KADDRESSBOOK-CRYPTOENCRYPTPREF X-KADDRESSBOOK-CRYPTOPROTOPREF X-KADDRESSBOOK-CRYPTOSIGNPREF
X-KADDRESSBOOK-MAILPREFEREDFORMATTING X-KADDRESSBOOK-OPENPGPFP X-KADDRESSBOOK-X-PROFESSION
X-KADDRESSBOOK-X-OFFICE X-MS-OL-DESIGN X-MS-OL-DEFAULT-POSTAL-ADDRESS X-MS-CARDPICTURE X-MS-TEXT X-MS-INTERESTS
X-MS-PROFESSION X-WAB-GENDER X-PROFESSION X-RADICALE-NAME X-DAVDROID-STARRED X-CUSTOM1 X-CUSTOM2 X-CUSTOM3
X-CUSTOM4 X-OC-GROUPS X-SOGO-COMPONENT X-UNKNOWN X-ACCOUNT X-LAST-USED-TIMESTAMP
"""


class Params(msgspec.Struct, gc=False):
    """`name` is in capitals, `group` (`item1`) too. `kinds` are the TYPE words as written, without PREF.

    `rank` is 0 unless the value is preferred: PREF's number, 1 for `TYPE=pref`. `encoding` is "Q", "B" or "".
    `value` is VALUE in lower case. `others` holds the remaining parameters by their names in capitals.
    """

    name: str
    group: str = ""
    kinds: tuple[str, ...] = ()
    rank: int = 0
    encoding: str = ""
    charset: str = ""
    value: str = ""
    others: dict[str, str] = {}
    counts: bool = True
    """Whether the property is counted: a group may have very many members."""
    is_cut: bool = False
    """Whether some of the parameters were too many to be read."""


def cut(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Params, colon, value: like `bytes.partition`, but not at a colon inside quotes that close."""
    prefix, colon, value = line.partition(b":")
    if prefix.find(b'"') >= 0 and prefix.count(b'"') % 2 and (found := _PREFIX.match(line)):
        return found[1], b":", line[found.end() :]
    return prefix, colon, value


def _parameters(text: str) -> list[str]:
    """One more than are looked at, at most."""
    if '"' not in text:
        return text.split(";", _COUNTED)[: _COUNTED + 1]
    return [found[1] for found in islice(_PARAMETER.finditer(text), _COUNTED + 1)]


def _plain(value: str) -> str:
    """Without its quotes, the caret escapes of RFC 6868 resolved."""
    value = value.strip().strip('"') if '"' in value else value.strip()
    return _CARET.sub(lambda found: _MEANS[found[0]], value) if "^" in value else value


def _words(value: str) -> list[str]:
    """TYPE's words. RFC 6350 itself shows a list within quotes."""
    return [_plain(word) for word in value.replace('"', "").split(",", _COUNTED)[:_COUNTED]]


def _custom(parameter: str) -> list[str]:
    """The user's own word for a kind, as Samsung's telephones write it: X-CUSTOM(CHARSET=UTF-8,ENCODING=…,=41)."""
    found = _CUSTOM.fullmatch(parameter.strip())
    if found is None:
        return []
    octets = _OCTET.sub(lambda octet: bytes.fromhex(octet[1].decode()), found[1].encode())
    word = _NO_WORD.sub(" ", octets.decode(errors="replace")).strip()
    return [word] if word else []


def _rank(text: str) -> int:
    """RFC 6350 section 5.3: 1 to 100. An unreadable one still says that the value is preferred."""
    rank = int(text) if len(text) <= 3 and text.isascii() and text.isdigit() else 0
    return rank if 1 <= rank <= 100 else 1


def parse(prefix: bytes) -> Params | None:
    """None if this can't be a property's prefix."""
    is_long = len(prefix) > budgets.PARAMETERS
    if is_long:
        prefix = prefix[: budgets.PARAMETERS].rpartition(b";")[0]
    text = prefix.decode(errors="replace")
    name, semicolon, rest = text.partition(";")
    group, _, name = name.strip().upper().rpartition(".")
    if _NAME.fullmatch(name) is None:
        return None
    made = Params(name, group, is_cut=is_long)
    if not semicolon:
        return made
    kinds: list[str] = []
    others: dict[str, str] = {}
    parameters = _parameters(rest)
    if len(parameters) > _COUNTED:
        parameters.pop()
        made.is_cut = True
    for parameter in parameters:
        key, equals, value = parameter.partition("=")
        key = key.strip().upper()
        if not equals:
            # vCard 2.1: the value stands without its name.
            if key in _ENCODINGS:
                made.encoding = _ENCODINGS[key]
            elif key in _PLACES:
                made.value = key.lower()
            else:
                kinds += _custom(parameter) if key[:9] == "X-CUSTOM(" else _words(parameter)
        elif key == "TYPE":
            kinds += _words(value)
        elif key == "ENCODING":
            made.encoding = _ENCODINGS.get(_plain(value).upper(), "")
        elif key == "CHARSET":
            made.charset = _plain(value)
        elif key == "VALUE":
            made.value = _plain(value).lower()
        elif key == "PREF":
            made.rank = _rank(_plain(value))
        elif key[:9] == "X-CUSTOM(":
            kinds += _custom(parameter)
        elif key:
            others[key] = _plain(value)
    made.others = others
    if kinds:
        if any(kind.upper() == "PREF" for kind in kinds):
            made.rank = made.rank or 1
        made.kinds = tuple(kind for kind in kinds if kind and kind.upper() != "PREF")
        if len(made.kinds) > budgets.KINDS:
            made.kinds = made.kinds[: budgets.KINDS]
            made.is_cut = True
    return made


def known(names: Iterable[str]) -> frozenset[bytes]:
    """The words above and the names of properties, as bytes; `item1` to `item100` are Apple's groups."""
    words = f"{_KINDS} {_PARAMETERS} {_PARAMETER_VALUES} {_EXTENSIONS}".split()
    numbers = [str(number) for number in range(1, 101)]
    return frozenset(
        map(str.encode, ("", *names, *words, *numbers, *(f"ITEM{number}" for number in numbers)))
    )


def holds_only(words: frozenset[bytes], prefix: bytes) -> bool:
    """Whether a prefix is short and of these words alone, in any case."""
    return len(prefix) <= _PREFIX_BYTES and words.issuperset(_BETWEEN_WORDS.split(prefix.upper()))
