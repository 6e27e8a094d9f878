"""A constant number of running imports for minutes, with more and more polls: `python -m benchmarks.load`.

200 imports of 1,000 contacts are kept under way: as soon as one is complete, its contacts are fetched and another is
begun. Polls of /events begin at one in four seconds for each import, never less than one in twenty, and rise by two
fifths with every step, until the 99th percentile of a step passes 100 ms or anything answers with an error; from then
on the last rate that was well is held, or a lower one where that is not. Contacts are purged a minute after each
import's end, so that the run reaches a state that could last. The workers are nice to the API, as the shipped units
make them. The whole installation is on this machine, load and provider included: the last table tells what its cores
did.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from statistics import median

import uvloop

from benchmarks.applications import Applications, Step
from benchmarks.figures import percentile, table
from benchmarks.fleet import KINDS, LIMITS, Fleet, Spent, bases, cores_row, fleet
from benchmarks.usage import CORES, slope

FACTOR = 1.4
BACKLOG_SECONDS = 2.0
"""With so many seconds' polls unanswered, a step is over."""
RESTING_RATE = 5.0
_UNDER_WAY = "SELECT count(*), min(created_at) FROM \"import\" WHERE state IN ('waiting', 'running')"
MEBI = 2**20
RETENTION = "60"


class Climb:
    """Which rate comes next: up while all is well, then the last that was, and down where it is not any more."""

    def __init__(self, rate: float, limit: float, least: float) -> None:
        self.rate = rate
        self._least = least
        self.climbing = True
        self._limit = limit

    def well(self, step: Step) -> bool:
        """Whether nothing failed and no more than one poll in a hundred took longer than the limit."""
        return not step.errors and bool(step.polls) and percentile(step.polls, 0.99) <= self._limit

    def after(self, step: Step) -> float:
        """The rate to go on with."""
        if not self.well(step):
            self.climbing = False
            self.rate = max(self._least, self.rate / FACTOR)
        elif self.climbing:
            self.rate *= FACTOR
        return self.rate


class Course:
    """What a run brought."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.spent: list[Spent] = []
        self.memory: list[tuple[float, dict[str, int]]] = []
        self.under_way: list[int] = []
        self.oldest = 0.0

    def held(self, climb: Climb) -> list[Step]:
        """The steps at the highest rate that was well in most of them."""
        rates = sorted({step.rate for step in self.steps}, reverse=True)
        for rate in rates:
            some = [step for step in self.steps if step.rate == rate]
            if sum(map(climb.well, some)) * 2 > len(some):
                return some
        return []


async def watch_memory(running: Fleet, course: Course, started: float) -> None:
    """A sample every two seconds, until cancelled."""
    while True:
        course.memory.append((time.perf_counter() - started, running.memory()))
        await asyncio.sleep(2)


async def look_inside(running: Fleet, course: Course) -> None:
    """How many imports are under way, and for how long: by the database, as a rare poll learns it late."""
    count, first = (await asyncio.to_thread(running.ask, _UNDER_WAY))[0]
    course.under_way.append(int(count))
    course.oldest = time.time() - first / 1000 if count else 0.0


async def rest(applications: Applications, until: float) -> None:
    """Hardly a poll, until those before are answered: what comes next is not to wait for them."""
    applications.rate = RESTING_RATE
    while applications.unanswered > 1 and time.perf_counter() < until:  # noqa: ASYNC110 -- it is the service's doing
        await asyncio.sleep(0.1)


async def drive(running: Fleet, given: argparse.Namespace) -> tuple[Course, Climb]:
    """The whole run."""
    course, climb = Course(), Climb(given.polls or given.imports / 4, given.limit / 1000, given.imports / 20)
    applications = Applications(running, imports=given.imports, contacts=given.contacts, rate=climb.rate)
    started = time.perf_counter()
    chores = [
        asyncio.create_task(applications.run()),
        asyncio.create_task(watch_memory(running, course, started)),
    ]
    # The first imports begin all at once, which is not what is measured.
    await asyncio.sleep(given.warm)
    course.spent.append(running.spent(time.perf_counter()))
    end = started + given.seconds
    while (now := time.perf_counter()) + given.step / 2 < end:
        applications.rate = climb.rate
        applications.step = step = Step(climb.rate, now - started)
        while (passed := time.perf_counter() - now) < given.step:
            if applications.unanswered > BACKLOG_SECONDS * climb.rate:
                # It is far too much; to go on would only fill queues.
                break
            await asyncio.sleep(min(0.5, given.step - passed))
        step.seconds = time.perf_counter() - now
        course.steps.append(step)
        course.spent.append(running.spent(time.perf_counter()))
        await look_inside(running, course)
        if not climb.well(step):
            await rest(applications, min(end, time.perf_counter() + given.step))
        climb.after(step)
    for chore in chores:
        chore.cancel()
    await asyncio.gather(*chores, return_exceptions=True)
    return course, climb


def milliseconds(values: Sequence[float], share: float) -> str:
    """A percentile in words."""
    return f"{percentile(values, share) * 1000:.0f}" if values else "-"


def steps_table(course: Course, climb: Climb) -> str:
    """One row a step."""
    rows = [
        (
            f"{step.began:.0f}",
            f"{step.rate:.0f}",
            f"{len(step.polls) / step.seconds:.0f}",
            milliseconds(step.polls, 0.5),
            milliseconds(step.polls, 0.99),
            f"{len(step.imports) / step.seconds:.1f}",
            milliseconds(step.begins, 0.99),
            milliseconds(step.contacts, 0.99),
            ", ".join(f"{count} {what}" for what, count in step.errors.items())
            or ("" if climb.well(step) else "over the limit"),
        )
        for step in course.steps
    ]
    heads = ("from second", "polls/s sent", "answered", "p50 ms", "p99 ms", "imports/s", "begin p99 ms")
    return table((*heads, "contacts p99 ms", ""), rows)


def pooled(steps: Sequence[Step]) -> Step:
    """Several stretches as one."""
    whole = Step(median(step.rate for step in steps), steps[0].began)
    for step in steps:
        whole.seconds += step.seconds
        for name in ("polls", "late", "begins", "contacts", "imports"):
            getattr(whole, name).extend(getattr(step, name))
        whole.delivered += step.delivered
        whole.errors += step.errors
    return whole


def summary(course: Course, climb: Climb, given: argparse.Namespace) -> list[tuple[str, str]]:
    """The rows of the table of results."""
    whole, held = pooled(course.steps), course.held(climb)
    rows: list[tuple[str, str]] = []
    if held:
        one = pooled(held)
        rows += [
            (f"**polls held under {given.limit:.0f} ms**", f"**{len(one.polls) / one.seconds:.0f}/s**"),
            ("imports meanwhile", f"{len(one.imports) / one.seconds:.1f}/s"),
            ("contacts meanwhile", f"{one.delivered / one.seconds:,.0f}/s"),
            ("`/events`, p50 and p99", both(one.polls)),
            ("begin_import, p50 and p99", both(one.begins)),
            (f"`/contacts` of {given.contacts:,}, p50 and p99", both(one.contacts)),
            ("steps at that rate, and well", f"{len(held)}, {sum(map(climb.well, held))}"),
        ]
    else:
        rows.append((f"**polls held under {given.limit:.0f} ms**", "**none of the rates tried**"))
    errors: Counter[str] = whole.errors
    rows += [
        ("imports in all steps", f"{len(whole.imports):,}, {len(whole.imports) / whole.seconds:.1f}/s"),
        ("contacts fetched in all steps", f"{whole.delivered:,}"),
        ("begin_import to COMPLETE, p50 and p99", both(whole.imports)),
        ("imports under way, least and most", f"{min(course.under_way)}, {max(course.under_way)}"),
        ("under way for longest at the end", f"{course.oldest:.1f} s"),
        ("polls sent late by the load, p99", f"{milliseconds(whole.late, 0.99)} ms"),
        ("errors", ", ".join(f"{count} {what}" for what, count in errors.items()) or "none"),
    ]
    return rows


def both(values: Sequence[float]) -> str:
    return f"{milliseconds(values, 0.5)} ms, {milliseconds(values, 0.99)} ms ({len(values):,})"


def memory_table(course: Course, warm: float) -> str:
    """Beginning, middle, end, and how it grew over the second half."""
    samples = [one for one in course.memory if one[0] >= warm] or course.memory
    middle = samples[len(samples) // 2][0]
    rows: list[tuple[str, ...]] = []
    for name in samples[0][1]:
        line = [(at, found[name] / MEBI) for at, found in samples]
        some = [value for _, value in line]
        grown = slope([(at, value) for at, value in line if at >= middle])
        three = (some[0], some[len(some) // 2], some[-1])
        rows.append((name, *(f"{value:.0f}" for value in three), f"{grown * 60:+.1f}"))
    return table(("memory, MiB", "beginning", "middle", "end", "MiB a minute, second half"), rows)


def cores_table(course: Course) -> str:
    """What the cores did, in all steps and at the end of the climb."""
    whole = course.spent[-1].since(course.spent[0])
    busy = sum(whole.cores.values())
    imports = sum(len(step.imports) for step in course.steps)
    contacts = sum(step.delivered for step in course.steps)
    rows = [cores_row(f"cores busy ({busy:.2f} of {CORES})", whole)]
    if contacts:
        per = 1000 / contacts
        rows.append(
            (
                "ms per 1,000 contacts, polls included",
                *(f"{whole.seconds[k] * per * 1000:.0f}" for k in KINDS),
            )
        )
    if imports:
        rows.append(
            (
                "cores for 10 imports/s, so polled",
                *(f"{whole.seconds[kind] / imports * 10:.2f}" for kind in KINDS),
            )
        )
    return table(("", *KINDS), rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300.0, help="the whole run, its start apart (300)")
    parser.add_argument("--step", type=float, default=20.0, help="seconds at one rate of polls (20)")
    parser.add_argument("--warm", type=float, default=20.0, help="seconds before the first step (20)")
    parser.add_argument("--imports", type=int, default=200, help="in flight (200)")
    parser.add_argument("--contacts", type=int, default=1000, help="in each address book (1000)")
    parser.add_argument("--polls", type=float, help="a second at first (a quarter of --imports)")
    parser.add_argument("--limit", type=float, default=100.0, help="p99 of /events in ms (100)")
    parser.add_argument("--database", default="postgresql", help="sqlite, postgresql, or a server's URI")
    parser.add_argument("--workers", type=int, default=2, help="worker processes, on PostgreSQL (2)")
    parser.add_argument("--apis", type=int, default=1, help="API processes, on PostgreSQL (1)")
    parser.add_argument("--hosts", type=int, default=4, help="provider's hosts, each a lane of the queue (4)")
    parser.add_argument("--nice", type=int, default=10, help="the workers' niceness, on PostgreSQL (10)")
    given = parser.parse_args()
    with (
        bases(given.database) as made,
        fleet(
            made,
            workers=given.workers,
            apis=given.apis,
            hosts=given.hosts,
            nice=given.nice,
            settings={"retention": RETENTION},
        ) as running,
    ):
        course, climb = uvloop.run(drive(running, given))
        complaints = running.cluster.complaints()
        what = (
            f"{given.apis} API, {given.workers} workers of niceness {given.nice}"
            if running.where.url
            else "one process"
        )
        words = running.where.words
    title = f"{given.imports} imports of {given.contacts:,} in flight for {given.seconds:.0f} s, {what}"
    print(f"{title}; {words}; {LIMITS}; retention {RETENTION} s; {given.hosts} hosts.\n")
    print(steps_table(course, climb), table(title, summary(course, climb, given)), sep="\n\n", end="\n\n")
    print(memory_table(course, given.warm), cores_table(course), sep="\n\n")
    for complaint, count in complaints.most_common(10):
        print(f"\nlogged {count} times: {complaint}", end="")
    if course.oldest > given.seconds / 2:
        print("\nan import has been under way for half of the run: is it stuck?")


if __name__ == "__main__":
    main()
