"""kill -9 at random moments while imports run, and the counts of the results.

Each process is killed some seconds after it is ready, and started again at once, until so many kills have struck a
running import. Then everything is let finish, and every import is looked at.

To start takes a process longer than it is let live, so that soon all would be starting together, and an import would
never be taken over by a worker that lives. Three kills in four therefore wait until another worker is ready.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Literal

import psycopg

from tests.faults.book_server import BookServer, book
from tests.faults.cluster import Application, Cluster, Member
from tests.faults.database_rows import DatabaseRows, ImportRow

Mode = Literal["embedded", "distributed"]

TICK = 0.02
IDLE = 120.0
"""Without a word of progress for so many seconds, an import is stuck."""


@dataclass(frozen=True)
class KillsPlan:
    """The plan of a run. Times are in seconds."""

    kills: int
    """How many must have struck a running import."""
    imports: int = 200
    contacts: int = 5000
    seed: int = 0
    longest: float = 5.0
    """A process is killed 0 to so long after it is ready; an API five times as long."""
    apis: int = 2
    workers: int = 3
    in_flight: int = 18
    """How many imports are kept under way."""
    pause: float = 0.4
    """How long a page of the provider's takes, at most."""
    limit: float = 600.0
    """After so long nothing more is killed or begun."""


@dataclass
class KillsOutcome:
    """The result. All numbers except kills, imports, recoveries and complaints must be 0."""

    mode: Mode
    seed: int
    kills: int = 0
    """Of processes that carry imports."""
    struck: int = 0
    """Of these, those that struck a running import."""
    api_kills: int = 0
    imports: int = 0
    lost: int = 0
    """Contacts that are in the book and not in the import."""
    doubled: int = 0
    foreign: int = 0
    """Contacts of another's book."""
    failed: int = 0
    """Imports that ended with an error."""
    stuck: int = 0
    ledgers: int = 0
    """Imports whose ledger does not add up."""
    deaths: int = 0
    """Processes that ended by themselves."""
    recoveries: list[float] = field(default_factory=list[float])
    """From a kill to the next stored page (or end) of each import that it struck, in seconds. Distributed, only where
    one of the other workers lived all the while."""
    restarts: list[float] = field(default_factory=list[float])
    """The same, distributed, where all had to be started again first."""
    complaints: Counter[str] = field(default_factory=Counter[str])
    codes: Counter[int] = field(default_factory=Counter[int])
    """Of the imports that failed: how often each code came."""
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled, failed or left."""
        return not any(self.bad.values())

    @property
    def bad(self) -> dict[str, int]:
        """How often each thing happened that must not."""
        names = ("lost", "doubled", "foreign", "failed", "stuck", "ledgers", "deaths")
        return {name: getattr(self, name) for name in names}


def middle_and_worst(seconds: list[float]) -> str:
    """Median and worst, in words."""
    if not seconds:
        return "none"
    return f"{median(seconds):.2f} s, {max(seconds):.2f} s ({len(seconds)} measured)"


@dataclass
class _Strike:
    """A kill, and the imports that the process had taken, as they stood a moment before."""

    at: float
    carried: dict[int, ImportRow]
    others: dict[str, int]
    """The workers that were ready, by name, and their process ids."""
    counted: bool = False


class _Run:
    def __init__(self, plan: KillsPlan, mode: Mode, cluster: Cluster, books: BookServer) -> None:
        self.plan = plan
        self.outcome = KillsOutcome(mode, plan.seed)
        self.cluster = cluster
        self.books = books
        self.random = Random(plan.seed)
        self.rows = DatabaseRows(cluster.database_url, cluster.data)
        self.application: Application = cluster.application("kills")
        self.accounts: dict[int, str] = {}
        self.strikes: list[_Strike] = []
        self.due: dict[str, float] = {}
        """When a member is to be killed, by its name; only of those that are ready."""
        self.seen: dict[int, ImportRow] = {}
        self.moved = time.monotonic()

    def go(self) -> None:
        """Kill until it is enough, then wait for the last import."""
        begun = time.monotonic()
        with ThreadPoolExecutor(1) as begins:
            pending: Future[int] | None = None
            number = 0
            try:
                while True:
                    now = time.monotonic()
                    over = now - begun > self.plan.limit
                    killing = self.outcome.struck < self.plan.kills and not over
                    self._tend(now, killing=killing)
                    if pending is not None and pending.done():
                        self.accounts[pending.result()] = f"user{number}"
                        pending = None
                    self._look()
                    open_ = sum(not self.seen[one].ended for one in self.accounts if one in self.seen)
                    wanted = killing or (number < self.plan.imports and not over)
                    if pending is None and wanted and open_ < self.plan.in_flight:
                        number += 1
                        pending = begins.submit(self.application.begin, self.books, f"user{number}")
                    ended = all(one in self.seen and self.seen[one].ended for one in self.accounts)
                    if pending is None and not wanted and ended:
                        break
                    if now - self.moved > IDLE:
                        self.outcome.stuck = sum(
                            not self.seen[one].ended for one in self.accounts if one in self.seen
                        )
                        break
                    time.sleep(TICK)
            finally:
                self.application.given_up = True
        self.application.given_up = False
        self.outcome.seconds = time.monotonic() - begun
        self.outcome.imports = len(self.accounts)

    def _tend(self, now: float, *, killing: bool) -> None:
        """Start what is dead again, and kill what is due."""
        for member in self.cluster.members:
            if not member.alive:
                self.outcome.deaths += 1
                self.due.pop(member.name, None)
                member.start()
            elif member.name in self.due:
                if killing and now >= self.due[member.name] and self._may_die(member):
                    self._kill(member)
            elif killing and member.ready:
                longest = self.plan.longest * (5 if member.role == "api" else 1)
                self.due[member.name] = now + self.random.uniform(0, longest)

    def _may_die(self, member: Member) -> bool:
        return (
            member.role != "worker"
            or bool(self._others(member))
            # Decided once for each kill, and so that the seed decides it.
            or Random(f"{self.plan.seed} {self.outcome.kills}").random() < 0.25
        )

    def _others(self, member: Member) -> dict[str, int]:
        """The other workers that are ready, by name, and their process ids."""
        return {
            one.name: one.pid for one in self.cluster.workers if one is not member and one.alive and one.ready
        }

    def _kill(self, member: Member) -> None:
        del self.due[member.name]
        if member.role == "api":
            member.kill()
            self.outcome.api_kills += 1
        else:
            rows = self._read() or {}
            mine = {
                one.id: one
                for one in rows.values()
                if one.state == "running" and _carries(member, one.executor)
            }
            others = self._others(member)
            at = time.monotonic()
            member.kill()
            self.outcome.kills += 1
            for strike in self.strikes:
                for number in mine.keys() & strike.carried.keys():
                    # Struck again before it could go on: from here its recovery is counted anew.
                    del strike.carried[number]
                    self._count(strike)
            self.strikes.append(_Strike(at, mine, others))
        member.start()

    def _look(self) -> None:
        """Read where every import is, and what has recovered."""
        rows = self._read()
        if rows is None:
            return
        now = time.monotonic()
        if rows != self.seen:
            self.moved = now
        self.seen = rows
        for strike in self.strikes:
            for number, before in list(strike.carried.items()):
                row = rows[number]
                if row.epoch > before.epoch and (row.ended or row.chunks > before.chunks):
                    self._count(strike)
                    self._recovered(strike, now - strike.at)
                    del strike.carried[number]
                elif row.ended:
                    # It had ended before the kill fell.
                    del strike.carried[number]
        self.strikes = [strike for strike in self.strikes if strike.carried]

    def _recovered(self, strike: _Strike, seconds: float) -> None:
        lived = any(strike.others.get(one.name) == one.pid for one in self.cluster.workers)
        if lived or self.outcome.mode == "embedded":
            self.outcome.recoveries.append(seconds)
        else:
            self.outcome.restarts.append(seconds)

    def _count(self, strike: _Strike) -> None:
        if not strike.counted:
            strike.counted = True
            self.outcome.struck += 1

    def _read(self) -> dict[int, ImportRow] | None:
        """None while the database can't be asked: a process that was killed may be holding it."""
        try:
            return self.rows.read()
        except (sqlite3.OperationalError, psycopg.OperationalError):
            return None

    def check(self) -> None:
        """Compare every import with its book."""
        for number, account in self.accounts.items():
            if not self.seen[number].ended:
                continue
            if self.seen[number].state != "complete":
                self.outcome.failed += 1
                self.outcome.codes[self.seen[number].code or 0] += 1
                continue
            whole = book(account, self.plan.contacts)
            delivered = self.application.addresses(number)
            unique = set(delivered)
            self.outcome.lost += len(whole - unique)
            self.outcome.foreign += len(unique - whole)
            self.outcome.doubled += len(delivered) - len(unique)
            ledger = self.application.ledger(number)
            adds_up = ledger["found"] == ledger["delivered"] + ledger["merged"] + ledger["rejected"]
            if not adds_up or ledger["delivered"] != len(delivered) or ledger["rejected"]:
                self.outcome.ledgers += 1
        self.outcome.complaints = self.cluster.complaints()


def _carries(member: Member, executor: str) -> bool:
    """Whether this is the name of the member's present process, in the job engine's table."""
    return member.role == "all" or f"-{member.pid}-" in executor


def torture(
    plan: KillsPlan, mode: Mode, folder: Path, database_url: str = "", told: Callable[[str], None] = print
) -> KillsOutcome:
    """Do all that; `told` is given a line now and then. A distributed run wants an empty PostgreSQL database."""
    told(f"{mode}: seed {plan.seed}, {plan.kills} kills that strike, {plan.contacts} contacts an import")
    with (
        BookServer(plan.contacts, pause=plan.pause, seed=plan.seed) as books,
        Cluster(folder / mode, database_url=database_url, apis=plan.apis, workers=plan.workers) as cluster,
    ):
        run = _Run(plan, mode, cluster, books)
        run.go()
        run.check()
    return run.outcome
