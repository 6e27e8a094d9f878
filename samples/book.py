"""Sample cards of people as real servers have them. The same arguments give the same bytes.

Nothing here is clever about names: the point is what readers trip over. Several scripts, escaped commas and
semicolons, labelled Apple groups, dates without a year, lines folded at 75 octets, pictures.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from random import Random

from samples import words

PRODUCTS = (
    "-//Apple Inc.//iOS 17.5.1//EN",
    "-//Apple Inc.//macOS 14.4//EN",
    "-//Sabre//Sabre VObject 4.5.4//EN",
    "ez-vcard 0.12.1",
    "-//Inverse inc.//SOGo Connector 1.0//EN",
    "+//IDN bitfire.at//DAVx5/4.4.2-ose ez-vcard/0.12.1",
)
PICTURE_BYTES = 6000
"""The bytes of a picture: about 8 kB once they are base64 and folded."""
_JPEG_HEAD = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", ",": "\\,", ";": "\\;"})


def text(value: str) -> str:
    """A value as vCard writes it: backslash, newline, comma and semicolon escaped (RFC 6350 section 3.4)."""
    return value.translate(_ESCAPES)


def fold(line: str) -> str:
    """The line cut at 75 octets, no character split (RFC 6350 section 3.2)."""
    if len(line) <= 75 and (line.isascii() or len(line.encode()) <= 75):
        return line
    if line.isascii():
        return "\r\n ".join([line[:75], *(line[at : at + 74] for at in range(75, len(line), 74))])
    parts: list[str] = []
    part, octets = "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > 75:
            parts.append(part)
            part, octets = "", 1
        part += character
        octets += size
    return "\r\n ".join([*parts, part])


def _name(rng: Random) -> tuple[str, str, str]:
    """Family, given and formatted name."""
    dice = rng.random()
    if dice < 0.02:
        family = rng.choice(words.LONG)
        given = rng.choice(words.LATIN.given)
        return family, given, f"{given} {family}"
    script = words.LATIN if dice < 0.7 else rng.choice(words.SCRIPTS)
    family, given = rng.choice(script.family), rng.choice(script.given)
    return family, given, f"{family}{given}" if script.joined else f"{given} {family}"


def _emails(rng: Random, i: int, version: str) -> list[str]:
    kinds = rng.sample(("HOME", "WORK", "OTHER"), rng.choice((0, 1, 1, 1, 2, 2, 3)))
    lines: list[str] = []
    for place, kind in enumerate(kinds):
        address = f"{rng.choice(('person', 'contact', 'info', 'first.last'))}.{i}@{rng.choice(words.HOSTS)}"
        if version == "4.0":
            lines.append(f"EMAIL;TYPE={kind.lower()}{';PREF=1' if place == 0 else ''}:{address}")
        elif kind == "OTHER":
            lines.append(f"item1.EMAIL;type=INTERNET:{address}")
            lines.append(f"item1.X-ABLabel:{rng.choice(words.LABELS)}")
        else:
            lines.append(f"EMAIL;type=INTERNET;type={kind}{';type=pref' if place == 0 else ''}:{address}")
    return lines


def _phones(rng: Random, version: str) -> list[str]:
    lines: list[str] = []
    for kind in rng.sample(("CELL", "HOME", "WORK"), rng.choice((0, 1, 1, 2, 2, 3))):
        # These ranges are set aside for fiction.
        number = rng.choice(
            (
                f"+1-202-555-01{rng.randrange(100):02}",
                f"(202) 555-01{rng.randrange(100):02}",
                f"+44 7700 900{rng.randrange(1000):03}",
                f"+33 1 99 00 {rng.randrange(100):02} {rng.randrange(100):02}",
            )
        )
        if version == "4.0":
            digits = number.replace("(202) ", "+1-202-").replace(" ", "")
            lines.append(f'TEL;VALUE=uri;TYPE="voice,{kind.lower()}":tel:{digits}')
        else:
            lines.append(f"TEL;type={kind};type=VOICE:{number}")
    return lines


def _address(rng: Random, version: str) -> list[str]:
    street, city, region, code, country = (text(part) for part in rng.choice(words.STREETS))
    kind = rng.choice(("HOME", "WORK"))
    if version == "4.0":
        return [f"ADR;TYPE={kind.lower()}:;;{street};{city};{region};{code};{country}"]
    lines = [f"item2.ADR;type={kind};type=pref:;;{street};{city};{region};{code};{country}"]
    if rng.random() < 0.5:
        lines.append(f"item2.X-ABADR:{rng.choice(('gb', 'de', 'fr', 'jp', 'ru', 'mx', 'us'))}")
    return lines


def _birthday(rng: Random, version: str) -> str:
    year, month, day = rng.randrange(1931, 2012), rng.randrange(1, 13), rng.randrange(1, 29)
    if rng.random() < 0.3:
        if version == "4.0":
            return f"BDAY:--{month:02}{day:02}"
        return f"BDAY;X-APPLE-OMIT-YEAR=1604:1604-{month:02}-{day:02}"
    return (
        f"BDAY:{year}{month:02}{day:02}"
        if version == "4.0"
        else f"BDAY;value=date:{year}-{month:02}-{day:02}"
    )


def _picture(rng: Random, version: str) -> str:
    """A picture's head and end around noise: no reader looks further."""
    data = base64.b64encode(_JPEG_HEAD + rng.randbytes(PICTURE_BYTES) + b"\xff\xd9").decode("ascii")
    if version == "4.0":
        return f"PHOTO:data:image/jpeg;base64,{data}"
    return f"PHOTO;ENCODING=b;TYPE=JPEG:{data}"


def card(i: int, *, seed: int = 1, picture: bool = False) -> str:
    """One person's vCard, lines ended by CRLF. `i` names the card within its book, `seed` the book."""
    rng = Random(f"{seed}:{i}")
    version = "4.0" if rng.random() < 0.15 else "3.0"
    family, given, formatted = _name(rng)
    lines = ["BEGIN:VCARD", f"VERSION:{version}", f"PRODID:{rng.choice(PRODUCTS)}", f"UID:sample-{seed}-{i}"]
    lines.append(f"N:{text(family)};{text(given)};;{rng.choice(('', '', '', '', 'Dr.', 'Prof.'))};")
    lines.append(f"FN:{text(formatted)}")
    lines += _emails(rng, i, version)
    lines += _phones(rng, version)
    if rng.random() < 0.45:
        lines += _address(rng, version)
    if rng.random() < 0.5:
        company, unit = rng.choice(words.COMPANIES)
        lines += [f"ORG:{text(company)};{text(unit)}", f"TITLE:{text(rng.choice(words.TITLES))}"]
    if rng.random() < 0.4:
        lines.append(_birthday(rng, version))
    if rng.random() < 0.4:
        lines.append(f"NOTE:{text(rng.choice(words.NOTES))}")
    if rng.random() < 0.3:
        lines.append(f"URL:https://{rng.choice(words.HOSTS)}/~person{i}/")
    if rng.random() < 0.4:
        chosen = rng.sample(words.CATEGORIES, rng.choice((1, 1, 2)))
        lines.append(f"CATEGORIES:{','.join(map(text, chosen))}")
    if picture:
        lines.append(_picture(Random(f"{seed}:{i}:picture"), version))
    moment = (
        rng.randrange(2015, 2026),
        rng.randrange(1, 13),
        rng.randrange(1, 29),
        rng.randrange(24),
        rng.randrange(60),
    )
    stamp = "{:04}{:02}{:02}T{:02}{:02}00Z" if version == "4.0" else "{:04}-{:02}-{:02}T{:02}:{:02}:00Z"
    lines += [f"REV:{stamp.format(*moment)}", "END:VCARD", ""]
    return "\r\n".join(map(fold, lines))


def cards(n: int, *, seed: int = 1, pictures: float = 0.0) -> Iterator[str]:
    """The book's first `n` cards; the share `pictures` of them (0 to 1, spread evenly) have a picture."""
    for i in range(n):
        yield card(i, seed=seed, picture=int((i + 1) * pictures) > int(i * pictures))
