"""Fingerprints: 64 bits that stand for a card, so that a resumed import knows what it has, and doubles are merged.

A fingerprint is a keyed hash under the import's own key: nobody can make two cards collide on purpose, and by chance
100,000 cards do so once in 400 million imports. Memory holds eight bytes a fingerprint, and little beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

BINS = 4096
_BYTES = 8


class FingerprintSet:
    """A set of fingerprints, as bytes in bins that their lowest bits choose.

    A set of numbers takes nine times the memory, which is most of what a big import takes, and stops everybody to
    move when it grows.
    """

    def __init__(self, fingerprints: Iterable[int] = ()) -> None:
        self._bins = [b""] * BINS
        self.empty = True
        for fingerprint in fingerprints:
            self.add(fingerprint)

    def __contains__(self, fingerprint: int) -> bool:
        packed = fingerprint.to_bytes(_BYTES, "little")
        fingerprints = self._bins[fingerprint % BINS]
        at = fingerprints.find(packed)
        while at > 0 and at % _BYTES:
            # Found across the border of two.
            at = fingerprints.find(packed, at + 1)
        return at >= 0

    def add(self, fingerprint: int) -> None:
        """Add a fingerprint that is not there."""
        self._bins[fingerprint % BINS] += fingerprint.to_bytes(_BYTES, "little")
        self.empty = False


class Fingerprints:
    """What this import has accounted for: `before` by earlier attempts, `now` by this one.

    A card is named thrice: by its key, by (book, UID), and by its bytes. The same key and the same bytes are the same
    card; whether the same UID is, `duplicates` decides.
    """

    def __init__(self, key: bytes, before: Iterable[int] = ()) -> None:
        # Copied for each fingerprint: that is quicker than to begin anew with the key.
        self._hash = blake2b(digest_size=_BYTES, key=key[:64])
        self._before = FingerprintSet(before)
        self._now = FingerprintSet()

    def of_key(self, key: str) -> int:
        """The fingerprint of a source's key."""
        return self._mark(b"k" + key.encode("utf-8", "surrogatepass"))

    def of_uid(self, book: str, uid: str) -> int:
        """The fingerprint of a UID within its book."""
        return self._mark(b"u" + f"{book}\0{uid}".encode("utf-8", "surrogatepass"))

    def of_bytes(self, data: bytes) -> int:
        """The fingerprint of a card's very bytes."""
        return self._mark(b"b" + data)

    def of_text(self, about: int, text: str) -> int:
        """The fingerprint of a text about something that has a number."""
        return self._mark(b"t" + about.to_bytes(_BYTES, "little") + text.encode("utf-8", "surrogatepass"))

    def of_number(self, about: int, n: int) -> int:
        """The fingerprint of the n-th of something."""
        return self._mark(b"n" + about.to_bytes(_BYTES, "little") + n.to_bytes(_BYTES, "little"))

    def _mark(self, message: bytes) -> int:
        hash_ = self._hash.copy()
        hash_.update(message)
        return int.from_bytes(hash_.digest(), "little")

    def __contains__(self, key: object) -> bool:
        """Whether an earlier attempt has accounted for this key: what a source need not fetch again."""
        return isinstance(key, str) and not self._before.empty and self.of_key(key) in self._before

    def was_before(self, fingerprint: int) -> bool:
        """Whether an earlier attempt has this fingerprint."""
        return not self._before.empty and fingerprint in self._before

    def is_known(self, fingerprint: int) -> bool:
        """Whether any attempt has this fingerprint."""
        return fingerprint in self._now or self.was_before(fingerprint)

    def is_repeat(self, fingerprint: int) -> bool:
        """Whether this attempt has met the fingerprint already; it has, from now on."""
        if fingerprint in self._now:
            return True
        self._now.add(fingerprint)
        return False

    def add(self, fingerprint: int) -> None:
        """Account for the fingerprint, which is not known yet."""
        self._now.add(fingerprint)
