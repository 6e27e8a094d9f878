"""Split of a formatted name into first and last name, for a contact without N."""

from __future__ import annotations

import re
from collections.abc import Iterable

_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_NO_PERSON = re.compile(r"[\d@&+/|:()]")
"""Characters that a family name before a comma never has, but names of companies, rooms and places may have."""
_SPACES = re.compile(r"[\s,]+")

_ANY_CASE = """
inc incorporated corp corporation co company ltd limited llc llp plc pllc pty pvt gmbh mbh kgaa ohg gbr sarl srl slu
oy oyj aps kft zrt nyrt sro bhd sdn ltda cie group holding holdings foundation institute university associates
partners sons
"""
_COMPANIES = frozenset(_ANY_CASE.split())
"""Words of a company's name; case and dots don't count."""
_AS_WRITTEN = "LP AG KG UG eV eG eK SE SA SAS SpA SPA SL BV NV AB AS ASA doo OOO ZAO OAO PAO AO KK"
_COMPANY_FORMS = frozenset(_AS_WRITTEN.split())
"""The same, but only in this spelling, because `Sa`, `Doo` and `Pao` are names of persons."""
_SUFFIXES = (
    "jr sr junior senior esq esquire phd dphil edd psyd pharmd llb llm mba msc bsc meng beng dipl-ing mag"
)
_TITLES = frozenset(_SUFFIXES.split())
"""Suffixes after a person's name that are not given names. Case and dots don't count."""
_DEGREES = """
II III IV VI VII MD DO DDS DMD DVM JD BA BS MA MS MPH MSW MFA MED BED RN NP PA LPN APRN FNP LMFT LCSW LPC CPA CFA CFP
CEO CFO CTO COO PE PMP QC KC MP MEP MBE OBE CBE KBE FRCS FRCP FACS FACP FRS
"""
_CAPITALS = frozenset(_DEGREES.split())
"""The same, but only in this spelling, because `Ed`, `Md` and `Ma` are given names."""


def split(full: str, organisations: Iterable[str]) -> tuple[str, str]:
    """First and last name. `full` is not an e-mail address and has no blanks around it.

    `Doe, John` has the family name first. A suffix as in `Jane Doe, MD` belongs to neither name. Any other name with
    a comma is not split, nor is one in ideographs, kana or hangul, or one that is the organisation's. The rest is
    split at its last space.
    """
    if not (" " in full or "," in full) or _IDEOGRAPHS.search(full):
        return full, ""
    plain = _plain(full)
    if any(plain == _plain(name) for name in organisations):
        return full, ""
    if "," in full:
        person, *others = [part.strip() for part in full.split(",")]
        if len(others) == 1 and _is_family_first(person, others[0]):
            return others[0], person
        if not person or not all(map(_is_suffix, others)):
            return full, ""
        full = person
    first, _, last = full.rpartition(" ")
    return (first.rstrip(), last) if first else (last, "")


def _plain(name: str) -> str:
    return _SPACES.sub(" ", name).strip().casefold()


def _bare(word: str) -> str:
    return word.replace(".", "").casefold()


def _is_suffix_word(word: str) -> bool:
    return _bare(word) in _TITLES or word.replace(".", "") in _CAPITALS


def _is_suffix(part: str) -> bool:
    """Whether all words after a comma are suffixes of a person. An empty text is not."""
    return all(map(_is_suffix_word, part.split()))


def _is_company_word(word: str) -> bool:
    return _bare(word) in _COMPANIES or word.replace(".", "") in _COMPANY_FORMS


def _is_family_first(family: str, given: str) -> bool:
    if not family or not given or _NO_PERSON.search(family) or _NO_PERSON.search(given):
        return False
    before, after = family.split(), given.split()
    if any(map(_is_company_word, after)) or (len(before) > 1 and _is_company_word(before[-1])):
        return False
    return not _is_suffix(given) and _bare(after[0]) not in _TITLES
