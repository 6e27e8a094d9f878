"""How many bytes a client may receive in all."""

from __future__ import annotations

from contactport.net.failures import OverBudget


class Budget:
    """Counts decoded bytes over all answers of one client, whichever ran at once."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.spent = 0

    def spend(self, count: int) -> None:
        """Raises OverBudget when all of it is used up."""
        self.spent += count
        if self.spent > self.total:
            raise OverBudget(f"it is larger than {size(self.total)}")


def size(count: int) -> str:
    """A number of bytes in words: `512 MiB`."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.4g} {unit}"
    return f"{count} bytes"
