"""One import from beginning to end: `scripts/demo` runs this after installing."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from demo import curl, servers, show

PROGRAM = str(Path(sys.executable).with_name("contactport"))
IMPORT_SECONDS = 60.0


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupted(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave every block in order; a second Ctrl-C must not cut that short."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def key_pair(data: Path) -> tuple[str, str]:
    """Make a domain, as an operator does for each application."""
    show.say(f"$ contactport domain add demo --data {data} --json", "green")
    done = subprocess.run(
        [PROGRAM, "domain", "add", "demo", "--data", str(data), "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise servers.DemoError(f"`contactport domain add` failed: {done.stderr.strip()}")
    show.say(done.stdout.strip(), "dim")
    pair = json.loads(done.stdout)
    return pair["domain_key"], pair["domain_password"]


def follow(variables: dict[str, str], identifier: int) -> None:
    """Poll the events, as an application does, and show each that is new. Raises DemoError."""
    line = f'curl -s -u "$KEY" "$HOST/events/{identifier}.json"'
    body = show.command(line, variables)
    shown: set[tuple[str, str, int]] = set()
    end = time.monotonic() + IMPORT_SECONDS
    while True:
        for event in body["events"]:
            kind, status, value = event["event_type"], event["status"], event["value"]
            if (kind, status, value) not in shown:
                shown.add((kind, status, value))
                words = f"  {event['description']}" if event["description"] else ""
                show.say(f"  {kind:<13}{status:<11}{value:>5}{words}")
        last = body["events"][-1]
        if last["event_type"] == "COMPLETE":
            if last["status"] == "ERROR":
                raise servers.DemoError(f"the import failed: {last['value']} {last['description']}")
            return
        if time.monotonic() > end:
            raise servers.DemoError("the import did not end within a minute")
        time.sleep(0.1)
        body = json.loads(curl.run(line, variables))


def demonstrate(folder: Path, stay: bool) -> None:
    show.say("Starting Radicale with an address book of 200 cards, and contactport. Both on loopback only.")
    with (
        servers.radicale(folder / "radicale") as book,
        servers.contactport(PROGRAM, folder / "contactport") as host,
    ):
        show.say(f"Radicale: {book}   contactport: {host}", "dim")

        show.heading("0", "a domain: the key pair of one application")
        key, password = key_pair(folder / "contactport" / "data")
        variables = {"KEY": f"{key}:{password}", "HOST": host, "BOOK": book}
        show.say(f"$ {_export(variables)}", "green")

        show.heading("1", "begin the import: the user's name and password in, an import id out")
        begun = show.command(
            f'curl -s -u "$KEY" "$HOST/begin_import/import.json" -d service=carddav -d server="$BOOK" '
            f"-d username={servers.USER} -d password={servers.PASSWORD}",
            variables,
        )
        show.answer(begun)
        if begun["status"] != "success":
            raise servers.DemoError("the import was not begun")
        identifier = begun["import_id"]

        show.heading("2", "poll its events")
        follow(variables, identifier)

        show.heading("3", "fetch the contacts")
        body = show.command(
            f'curl -s -u "$KEY" "$HOST/contacts/{identifier}.json?start=0&count={show.SHOWN}"', variables
        )
        show.contacts(body["contacts"], body["total"])

        show.heading("4", "how the figures add up, and what could not be read")
        body = show.command(f'curl -s -u "$KEY" "$HOST/imports/{identifier}"', variables)
        show.ledger(body["ledger"])
        show.left_out("rejected", body["rejects"])
        show.left_out("note", body["notes"])

        if stay:
            wait(identifier, variables)


def _export(variables: dict[str, str]) -> str:
    """The line that gives another terminal the variables; nothing in them needs quoting beyond this."""
    return "export " + " ".join(f"{name}='{value}'" for name, value in variables.items())


def wait(identifier: int, variables: dict[str, str]) -> None:
    show.heading(
        "*", "still running: paste this line into another terminal, then any of the others, or README's"
    )
    for line in (
        _export(variables),
        f'curl -s -u "$KEY" "$HOST/contacts/{identifier}.vcf"',
        f'curl -s -u "$KEY" "$HOST/contacts/{identifier}.xml?start=0&count=5"',
        f'curl -s -u "$KEY" "$HOST/contacts/{identifier}.csv"',
        'curl -s "$HOST/services.json"',
    ):
        show.say(f"$ {line}", "green")
    show.say("Ctrl-C ends both servers and deletes everything.")
    signal.pause()


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="keep both servers running until Ctrl-C")
    stay: bool = parser.parse_args().stay
    # Set here and not left to Python: a shell's background job starts with SIGINT ignored.
    for number in SIGNALS:
        signal.signal(number, _interrupted)
    if not curl.HAVE_CURL:
        show.say("curl is not installed here: Python sends the same requests in its place.", "yellow")
    try:
        with tempfile.TemporaryDirectory(prefix="contactport-demo-") as folder:
            demonstrate(Path(folder), stay)
    except servers.DemoError as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1
    show.say()
    show.say("Both servers have ended, and everything they stored is deleted. What to try next:")
    show.say(
        "  scripts/demo --stay                       the same, and the servers stay for your own requests"
    )
    show.say("  .venv/bin/contactport serve               a service of your own; then `domain add`")
    show.say(
        "  .venv/bin/contactport import --help       one address book on the terminal, without a service"
    )
    show.say("  docs/quickstart.md                        your own address book, step by step")
    return 0


if __name__ == "__main__":
    sys.exit(main())
