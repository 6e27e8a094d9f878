"""The command line run in this process, and a name server that answers."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from contactport.cli import main

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "data"


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("domain", "list")`: one command on the data folder, without further settings of the caller's."""
    for name in [name for name in os.environ if name.startswith("CONTACTPORT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONTACTPORT_DATA", str(folder))

    def run_(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), input=stdin, prog_name="contactport")

    return run_


@pytest.fixture
def name_server() -> Iterator[str]:
    """A resolver, as the settings name one, that refuses every question: that is an answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        host, port = server.getsockname()

        def answer() -> None:
            while True:
                question, sender = server.recvfrom(4096)
                if question == b"end":
                    return
                # The question again, with the bits of an answer (QR) and of a refusal (RCODE 5).
                server.sendto(
                    question[:2] + bytes((question[2] | 0x80, (question[3] & 0xF0) | 5)) + question[4:],
                    sender,
                )

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"{host}:{port}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", (host, port))
        thread.join()
