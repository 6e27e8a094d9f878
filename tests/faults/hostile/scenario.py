"""Scenarios of a hostile server: each is a function that answers requests with generators of bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

THIRD = "127.9.9.9"
"""The host of somebody who has nothing to do with the import. It listens, and counts who comes."""
REFUSED = frozenset({257, 258, 264})
ENOUGH = 30
"""Requests that an answer may lead to at a host which is not the account's."""


class End:
    """The connection ends here; RESET ends it with RST."""


END, RESET = End(), End()
Step = bytes | float | End
"""Bytes to send, seconds to wait, or the end of the connection."""
Steps = Iterator[Step]


class ScenarioRequest(msgspec.Struct):
    """One request to a scenario. `base` is the scenario's own origin, `third` the other host's."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    base: str
    third: str
    turn: int
    """How many requests this run has had, this one included."""

    @property
    def is_listing(self) -> bool:
        return self.method == "PROPFIND" and self.target == "/dav/book/"

    @property
    def is_report(self) -> bool:
        return self.method == "REPORT"

    @property
    def is_sync(self) -> bool:
        return self.is_report and b"sync-collection" in self.body

    @property
    def is_multiget(self) -> bool:
        return self.is_report and b"addressbook-multiget" in self.body

    @property
    def is_home(self) -> bool:
        return self.method == "PROPFIND" and self.target == "/dav/home/"

    @property
    def is_start(self) -> bool:
        """Whether this is a question of discovery that comes before the home is known."""
        return self.method == "PROPFIND" and not self.target.startswith(("/dav/home/", "/dav/book"))


Answer = Callable[[ScenarioRequest], Iterable[Step] | None]
"""The steps of an answer; None where the sound book answers."""
Kind = Literal["answer", "connection", "handshake"]


class Scenario(msgspec.Struct, frozen=True):
    """One way to do harm.

    `ends` are the codes in which the import may end, 0 for complete; `least` is how many contacts have to come where
    it is complete. `kind` "connection" is asked once a connection, before anything is read; "handshake" is the same
    where TLS is expected.
    """

    name: str
    room: str
    answer: Answer
    ends: frozenset[int] = REFUSED
    least: int = 0
    kind: Kind = "answer"
    tls: bool = False
    username: str = "alice"
    slow: bool = False
    """Whether it takes a minute: the benchmark plays it, the tests don't."""

    @property
    def title(self) -> str:
        return self.name.replace("_", " ")


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    room: str,
    *ends: int,
    least: int = 0,
    kind: Kind = "answer",
    tls: bool = False,
    username: str = "alice",
    slow: bool = False,
) -> Callable[[Answer], Answer]:
    """Enters a function in SCENARIOS under its own name."""

    def enter(answer: Answer) -> Answer:
        name = answer.__name__  # type: ignore[attr-defined]
        assert name not in SCENARIOS, name
        SCENARIOS[name] = Scenario(
            name,
            room,
            answer,
            frozenset(ends) or REFUSED,
            least,
            kind,
            tls,
            username,
            slow,
        )
        return answer

    return enter
