"""After a purge the process has no text of the user any more. The test searches its memory (`/proc/PID/mem`).

Memory that is given back keeps its bytes until somebody overwrites them, which says nothing of what a program holds.
The service runs with Python's debug allocator, which overwrites what is given back and marks what is in use.
"""

from __future__ import annotations

import re
import secrets
import sys
from pathlib import Path

import pytest

from tests.e2e.paused_server import PausedServer, people
from tests.e2e.service_process import WireClient, service, until
from tests.e2e.test_canaries import let_time_pass

if sys.platform != "linux":
    pytest.skip("only Linux shows a process's memory as a file", allow_module_level=True)

CARDS = 120
OTHERS = 1000
"""Cards of another user's book. Their bytes overwrite the one buffer that every connection is read into."""
_GUARD = b"\xfd" * 8
"""What Python's debug allocator writes behind a block in use; seven of them stand before it."""
_FREED = b"\xdd" * 8
"""What it overwrites a block with that was given back."""
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r")
_KINDS_OF_WORDS = (
    *(
        "label",
        "type",
        "group",
        "name",
        "street",
        "address",
        "note",
        "number",
        "charset",
        "parameter",
        "extension",
    ),
    *("value", "uid", "username", "password", "user_id", "file", "stray"),
)


def card(number: int, words: dict[str, str]) -> str:
    """A card that has a word of its own wherever a card may have one."""
    word = {kind: f"{word}{number:04}" for kind, word in words.items()}
    rows = (
        *("BEGIN:VCARD", "VERSION:3.0", f"UID:{word['uid']}", f"FN:{word['name']}", f"N:{word['name']};;;;"),
        f"{word['group']}.TEL;TYPE={word['type']}:{word['number']}",
        f"{word['group']}.X-ABLabel:{word['label']}",
        f"EMAIL;TYPE=HOME,{word['type']};X-{word['parameter']}={word['value']}:{word['address']}@example.org",
        f'ADR;LABEL="{word["street"]}";TYPE={word["type"]}:;;{word["street"]};Town;;1;Land',
        f"NOTE;CHARSET={word['charset']}:{word['note']}",
        f"X-{word['extension']}:{word['value']}",
        *(f"{word['stray']}", "END:VCARD", ""),
    )
    return "\r\n".join(rows)


def held(pid: int, words: dict[str, str]) -> set[str]:
    """The kinds of words that stand in an object of the process, in any width of characters."""
    searched = {
        kind: [word.encode(code) for code in ("utf-8", "utf-16-le", "utf-32-le")] + [word.upper().encode()]
        for kind, word in words.items()
    }
    found: set[str] = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            mapping = _MAPPING.match(line)
            if mapping is None or "[vvar]" in line or "[vsyscall]" in line:
                continue
            start, end = (int(each, 16) for each in mapping.groups())
            try:
                memory.seek(start)
                content = memory.read(end - start)
            except (OSError, OverflowError):
                # A mapping may be gone meanwhile, or be no memory.
                continue
            found |= {
                kind for kind, forms in searched.items() if any(_in_use(content, form) for form in forms)
            }
    return found


def _in_use(content: bytes, form: bytes) -> bool:
    """Whether the bytes stand in a block of Python's that has not been given back."""
    at = content.find(form)
    while at >= 0:
        guard, freed = content.find(_GUARD, at), content.find(_FREED, at)
        before = content.rfind(_GUARD[1:], 0, at), content.rfind(_FREED, 0, at)
        if guard >= 0 and (freed < 0 or guard < freed) and before[0] > before[1]:
            return True
        at = content.find(form, at + 1)
    return False


def imported(client: WireClient, book: PausedServer, words: dict[str, str]) -> int:
    form = {"username": words["username"], "password": words["password"], "user_id": words["user_id"]}
    return client.begin(service="carddav", server=book.url, include="mailing_address,photo", **form)


def test_a_purged_book_has_left_the_process_s_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONMALLOC", "debug")
    data = tmp_path / "data"
    words = {kind: f"k{secrets.token_hex(7)}" for kind in _KINDS_OF_WORDS}
    cards = {f"{words['file']}{number}.vcf": card(number, words) for number in range(CARDS)}
    first = PausedServer(cards, password=words["password"], username=words["username"])
    others = {
        name: text.replace("END:VCARD", f"NOTE:{'x' * 4000}\r\nEND:VCARD")
        for name, text in people(OTHERS).items()
    }
    second = PausedServer(others, password="another", username="bob")
    with first, second, service(data) as running:
        client = running.application("shop")
        pid = running.process.pid
        assert held(pid, words) == set()

        one = imported(client, first, words)
        client.let_through(one, first, 1)
        assert "address" in held(pid, words), "what is needed now is found"
        first.gate.open()
        assert client.end(one)["value"] == 0
        for name in ("", ".vcf", ".csv", ".ndjson"):
            status, body = client.call("GET", f"/contacts/{one}{name}")
            assert status == 200
            assert words["address"].encode() in body
        assert client.call("GET", f"/imports/{one}")[0] == 200

        let_time_pass(data)
        until(lambda: client.call("HEAD", f"/contacts/{one}")[0] == 410 or None)
        # Others go on meanwhile: what a task or a thread had at hand last is no longer at hand.
        second.gate.open()
        other = client.begin(service="carddav", server=second.url, username="bob", password="another")
        assert client.end(other)["value"] == 0
        assert len(client.contacts(other)) == OTHERS
        until(lambda: True if not held(pid, words) else None)
        assert running.stop() == 0
