"""Extensions of Apple, Google, Microsoft and others: X- names, services, Android's rows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from contactport.contact import Contact, Labelled, LabelledDate
from contactport.formats import dates

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_APPLE = re.compile(r"\A(?:x-apple:)+", re.IGNORECASE)

MESSENGERS = {
    "X-AIM": "aim",
    "X-GADU-GADU": "gg",
    "X-GADUGADU": "gg",
    "X-GOOGLE-TALK": "xmpp",
    "X-GTALK": "xmpp",
    "X-GROUPWISE": "groupwise",
    "X-ICQ": "icq",
    "X-IRC": "irc",
    "X-JABBER": "xmpp",
    "X-KADDRESSBOOK-X-IMADDRESS": "im",
    "X-MATRIX": "matrix",
    "X-MEANWHILE": "meanwhile",
    "X-MS-IMADDRESS": "im",
    "X-MSN": "msn",
    "X-QQ": "qq",
    "X-SIP": "sip",
    "X-SKYPE": "skype",
    "X-SKYPE-USERNAME": "skype",
    "X-TELEGRAM": "telegram",
    "X-TWITTER": "twitter",
    "X-WV-ID": "wv",
    "X-YAHOO": "ymsgr",
    # KDE wrote these until 2013.
    "X-MESSAGING/AIM-ALL": "aim",
    "X-MESSAGING/GADU-ALL": "gg",
    "X-MESSAGING/GOOGLETALK-ALL": "xmpp",
    "X-MESSAGING/GROUPWISE-ALL": "groupwise",
    "X-MESSAGING/ICQ-ALL": "icq",
    "X-MESSAGING/IRC-ALL": "irc",
    "X-MESSAGING/MEANWHILE-ALL": "meanwhile",
    "X-MESSAGING/MSN-ALL": "msn",
    "X-MESSAGING/SKYPE-ALL": "skype",
    "X-MESSAGING/XMPP-ALL": "xmpp",
    "X-MESSAGING/YAHOO-ALL": "ymsgr",
}
"""A property named after a service, and the scheme of its addresses."""

PAGES = {
    "X-EVOLUTION-BLOG-URL": "BLOG",
    "X-EVOLUTION-VIDEO-URL": "VIDEO",
    "X-GOOGLE-PROFILE-URL": "PROFILE",
    "X-IRMC-URL": "",
    "X-KADDRESSBOOK-BLOGFEED": "BLOG",
}
"""A property that holds a web page, and the kind that its name says."""

RELATIONS = {
    "X-ASSISTANT": "assistant",
    "X-CHILDREN": "child",
    "X-EVOLUTION-ASSISTANT": "assistant",
    "X-EVOLUTION-MANAGER": "manager",
    "X-EVOLUTION-SPOUSE": "spouse",
    "X-KADDRESSBOOK-X-ASSISTANTNAME": "assistant",
    "X-KADDRESSBOOK-X-ASSISTANTSNAME": "assistant",
    "X-KADDRESSBOOK-X-MANAGERNAME": "manager",
    "X-KADDRESSBOOK-X-MANAGERSNAME": "manager",
    "X-KADDRESSBOOK-X-SPOUSENAME": "spouse",
    "X-KADDRESSBOOK-X-SPOUSESNAME": "spouse",
    "X-MANAGER": "manager",
    "X-MS-ASSISTANT": "assistant",
    "X-MS-CHILD": "child",
    "X-MS-MANAGER": "manager",
    "X-MS-SPOUSE": "spouse",
    "X-SPOUSE": "spouse",
}

ANNIVERSARIES = (
    "X-ANNIVERSARY",
    "X-EVOLUTION-ANNIVERSARY",
    "X-KADDRESSBOOK-X-ANNIVERSARY",
    "X-MS-ANNIVERSARY",
    "X-WEDDING-ANNIVERSARY",
)

OF_NO_PERSON = (
    *("SOURCE", "PRODID", "NAME", "PROFILE", "MAILER", "CLASS", "CLIENTPIDMAP", "XML", "KEY", "LOGO", "GEO"),
    *(
        "TZ",
        "LANG",
        "LANGUAGE",
        "GENDER",
        "FBURL",
        "CALURI",
        "CALADRURI",
        "CAPURI",
        "SORT-STRING",
        "EXPERTISE",
    ),
    *(
        "HOBBY",
        "INTEREST",
        "ORG-DIRECTORY",
        "BIRTHPLACE",
        "DEATHPLACE",
        "DEATHDATE",
        "CONTACT-URI",
        "CREATED",
    ),
    *("GRAMGENDER", "PRONOUNS", "JSPROP", "UIDREF"),
)
"""Registered names whose values are not part of a contact."""

_SERVICES = {"googletalk": "xmpp", "jabber": "xmpp", "yahoo": "ymsgr", "facebook": "xmpp", "gadugadu": "gg"}


def service(parameters: Mapping[str, str]) -> str:
    """The scheme of the service that IMPP's X-SERVICE-TYPE (Apple, Google) or SERVICE-TYPE (RFC 9554) names."""
    named = parameters.get("X-SERVICE-TYPE") or parameters.get("SERVICE-TYPE") or ""
    plain = "".join(filter(str.isalnum, named.lower()))
    return _SERVICES.get(plain, plain) if plain.isascii() else ""


def account(address: str, named: str) -> str:
    """A messenger's address with a scheme, if one is known. Apple's `x-apple:` has no meaning."""
    if address[:8].lower() == "x-apple:":
        address = _APPLE.sub("", address)
    if not address or not named or _SCHEME.match(address):
        return address
    return f"{named}:{address}"


_ANDROID_RELATIONS = (
    *("", "assistant", "brother", "child", "domestic partner", "father", "friend", "manager", "mother"),
    *("parent", "partner", "referred by", "relative", "sister", "spouse"),
)


def android(contact: Contact, row: list[str]) -> None:
    """X-ANDROID-CUSTOM: the kind of a row in Android's own table, its value, its type, its label."""
    kind, value, number, label, *_ = (*row, "", "", "", "")
    kind = kind.rpartition("/")[2]
    type_ = int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 0
    if not value:
        return
    if kind == "nickname":
        contact.nicknames.append(value)
    elif kind == "relation":
        named = _ANDROID_RELATIONS[type_] if type_ < len(_ANDROID_RELATIONS) else ""
        kinds = (named,) if named else ()
        contact.relations.append(Labelled(value, kinds, None if named else label or None))
    elif kind == "contact_event":
        date = dates.parse(value)
        if type_ == 3:
            contact.birthday = contact.birthday or date
        elif type_ == 1:
            contact.anniversary = contact.anniversary or date
        else:
            contact.dates.append(LabelledDate(date, label or None))
