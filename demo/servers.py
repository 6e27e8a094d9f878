"""The two servers of the demo: Radicale with the sample book, and contactport. Both end with the demo."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from samples import demo_book

USER = "alice"
PASSWORD = "not-a-secret"
READY_SECONDS = 30.0
BOOK_PORT = 5232
SERVICE_PORT = 8321
"""Those that the documents show; other ones where they are taken."""


class DemoError(Exception):
    """The demo can't go on; the text says why, with the end of the log of whatever failed."""


@contextmanager
def usual_or_free(usual: int) -> Generator[int]:
    """The usual port, or a free one where that is taken, also by another demo that is only about to take it."""
    with socket.socket(socket.AF_UNIX) as claim:
        port = usual
        try:
            if sys.platform == "linux":
                # A name without a file: it ends with this process, however that ends.
                claim.bind(f"\0contactport-demo-{usual}")
            _probe(usual)
        except OSError:
            port = _probe(0)
        yield port


def _probe(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        found: int = probe.getsockname()[1]
        return found


@contextmanager
def running(
    command: Sequence[str], log: Path, output: int | IO[bytes] | None = None
) -> Generator[subprocess.Popen[bytes]]:
    """The command as a child of its own, ended by its process id when the block is left."""
    with log.open("wb") as errors:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output or errors, stderr=errors)
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _wait(name: str, child: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    """Until `ready`; raises DemoError when the child ends before, or nothing happens for half a minute."""
    end = time.monotonic() + READY_SECONDS
    while not ready():
        if child.poll() is not None or time.monotonic() > end:
            last = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
            raise DemoError(f"{name} did not start. The end of its log:\n{last}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def lay_book(folder: Path) -> int:
    """The sample book where Radicale looks for alice's; the number of its cards."""
    book = folder / "collection-root" / USER / "contacts"
    book.mkdir(parents=True)
    (book / ".Radicale.props").write_text(json.dumps({"tag": "VADDRESSBOOK", "D:displayname": "Contacts"}))
    files = demo_book.files()
    for name, data in files.items():
        (book / name).write_bytes(data)
    return len(files)


@contextmanager
def radicale(folder: Path) -> Generator[str]:
    """Radicale over the sample book; its URL."""
    with usual_or_free(BOOK_PORT) as port, _radicale(folder, port) as url:
        yield url


@contextmanager
def _radicale(folder: Path, port: int) -> Generator[str]:
    folder.mkdir()
    lay_book(folder)
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    config = folder / "config"
    config.write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n"
        f"[auth]\ntype = htpasswd\nhtpasswd_filename = {folder / 'users'}\nhtpasswd_encryption = plain\ndelay = 0\n"
        f"[storage]\nfilesystem_folder = {folder}\n"
    )
    log = folder / "log"
    url = f"http://127.0.0.1:{port}/"
    with running([sys.executable, "-m", "radicale", "--config", str(config)], log) as child:
        _wait("Radicale", child, log, lambda: _answers(url))
        yield url


@contextmanager
def contactport(program: str, folder: Path, *options: str) -> Generator[str]:
    """`contactport serve`; its URL, as the line it prints when it is ready says it."""
    with usual_or_free(SERVICE_PORT) as port, _contactport(program, folder, port, options) as url:
        yield url


@contextmanager
def _contactport(program: str, folder: Path, port: int, options: Sequence[str]) -> Generator[str]:
    folder.mkdir()
    log, said = folder / "log", folder / "said"
    command = [
        program,
        "serve",
        "--port",
        str(port),
        "--data",
        str(folder / "data"),
        *options,
    ]
    with said.open("wb") as output, running(command, log, output) as child:
        urls: list[str] = []

        def ready() -> bool:
            urls[:] = re.findall(r"http://127\.0\.0\.1:\d+", said.read_text("utf-8", "replace"))
            return bool(urls)

        _wait("contactport", child, log, ready)
        yield urls[0]
