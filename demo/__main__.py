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

from demo import consent, curl, servers, show

PROGRAM = str(Path(sys.executable).with_name("contactport"))
IMPORT_SECONDS = 60.0
CONSENT_SECONDS = 1800.0
"""A user at a browser takes longer."""


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


def follow(variables: dict[str, str], identifier: int, seconds: float = IMPORT_SECONDS) -> None:
    """Poll the events, as an application does, and show each that is new. Raises DemoError."""
    line = f'curl -s -u "$KEY" "$HOST/events/{identifier}.json"'
    body = show.command(line, variables)
    shown: set[tuple[str, str, int]] = set()
    end = time.monotonic() + seconds
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
            raise servers.DemoError(f"the import did not end within {seconds:.0f} seconds")
        time.sleep(0.1)
        body = json.loads(curl.run(line, variables))


def demonstrate(folder: Path, stay: bool) -> None:
    show.say("Starting Radicale with an address book of 200 cards, and contactport. Both on loopback only.")
    with (
        servers.radicale(folder / "radicale") as book,
        servers.contactport(PROGRAM, folder / "contactport", "--allow-network", "127.0.0.0/8") as host,
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
        fetch(variables, identifier)

        show.heading("4", "how the figures add up, and what could not be read")
        body = show.command(f'curl -s -u "$KEY" "$HOST/imports/{identifier}"', variables)
        show.ledger(body["ledger"])
        show.left_out("rejected", body["rejects"])
        show.left_out("note", body["notes"])

        if stay:
            wait(identifier, variables)


def fetch(variables: dict[str, str], identifier: int) -> None:
    """Show the first contacts of an import."""
    body = show.command(
        f'curl -s -u "$KEY" "$HOST/contacts/{identifier}.json?start=0&count={show.SHOWN}"', variables
    )
    show.contacts(body["contacts"], body["total"])


def demonstrate_consent(folder: Path, stay: bool) -> None:
    """The same by the user's consent. Where nobody is at a terminal, the demo presses the button itself."""
    show.say(
        "Starting contactport with its sandbox: a provider without real accounts. Both on loopback only."
    )
    with servers.contactport(PROGRAM, folder / "contactport", "--sandbox") as host:
        show.say(f"contactport: {host}", "dim")
        show.heading("0", "a domain: the key pair of one application")
        key, password = key_pair(folder / "contactport" / "data")
        variables = {"KEY": f"{key}:{password}", "HOST": host}
        show.say(f"$ {_export(variables)}", "green")

        show.heading("1", "begin the import: a link for the user comes back, and an import id")
        begun = show.command(
            'curl -s -u "$KEY" "$HOST/begin_import/user_consent.json" -d service=sandbox_oauth', variables
        )
        show.answer(begun)
        if begun["status"] != "success":
            raise servers.DemoError("the import was not begun")
        identifier = begun["import_id"]

        show.heading("2", "the user opens the link, and chooses at the provider's page")
        show.say(begun["url"], "bold")
        at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        if at_terminal:
            show.say("Open this link in a browser of this machine, and choose there.")
        else:
            show.say("Nobody is at a terminal, so the demo opens it and presses Allow:")
            for place in consent.allow(begun["url"]):
                show.say(f"  {place}")

        show.heading("3", "poll its events")
        follow(variables, identifier, CONSENT_SECONDS if at_terminal else IMPORT_SECONDS)

        show.heading("4", "fetch the contacts")
        fetch(variables, identifier)
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
    parser.add_argument(
        "--consent", action="store_true", help="an import by the user's consent, at a sandbox's page"
    )
    options = parser.parse_args()
    # Set here and not left to Python: a shell's background job starts with SIGINT ignored.
    for number in SIGNALS:
        signal.signal(number, _interrupted)
    if not curl.HAVE_CURL:
        show.say("curl is not installed here: Python sends the same requests in its place.", "yellow")
    try:
        with tempfile.TemporaryDirectory(prefix="contactport-demo-") as folder:
            if options.consent:
                demonstrate_consent(Path(folder), options.stay)
            else:
                demonstrate(Path(folder), options.stay)
    except servers.DemoError as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1
    show.say()
    show.say("Both servers have ended, and everything they stored is deleted. What to try next:")
    show.say(
        "  scripts/demo --stay                       the same, and the servers stay for your own requests"
    )
    show.say(
        "  scripts/demo --consent                    an import by the user's consent, at a sandbox's page"
    )
    show.say("  .venv/bin/contactport serve               a service of your own; then `domain add`")
    show.say(
        "  .venv/bin/contactport import --help       one address book on the terminal, without a service"
    )
    show.say("  docs/quickstart.md                        your own address book, step by step")
    return 0


if __name__ == "__main__":
    sys.exit(main())
