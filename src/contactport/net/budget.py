"""How many bytes a client may receive in all."""

from __future__ import annotations

from contactport.net.failures import TooLarge

FRAMES = 4
"""Heads, chunk sizes and the like may be one part in so many beside what the answers may hold."""


class Budget:
    """Counts bytes over all answers of one client, whichever ran at once: decoded ones, and those of the connections.

    A few bytes on a connection may become many once they are decoded, and many may become none: chunk extensions,
    empty blocks of a compressed body, heads. So each has a total of its own.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.spent = 0
        self.received = 0

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may come, of whatever answer."""
        return self.spent > self.total or self.received > self.total + self.total // FRAMES

    def spend(self, count: int) -> None:
        """So many decoded bytes. Raises TooLarge when all are used up."""
        self.spent += count
        if self.spent > self.total:
            raise TooLarge(f"it is larger than {size(self.total)}")

    def receive(self, count: int) -> None:
        """So many bytes from a connection. Raises TooLarge when all are used up."""
        self.received += count
        if self.received > self.total + self.total // FRAMES:
            raise TooLarge(f"the server sends more than {size(self.total)}")


def size(count: int) -> str:
    """A number of bytes in words: `512 MiB`."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.4g} {unit}"
    return f"{count} bytes"
