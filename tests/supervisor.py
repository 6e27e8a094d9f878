"""Supervisor of real processes. They end, and their folders are deleted, when the tests end or are killed.

A process of its own, the supervisor, starts every server for a test and holds a pipe to it. When the pipe closes, for
whatever reason, it ends what still runs and removes the folders. Should the supervisor itself be killed, then the
kernel ends its children (prctl(2), PR_SET_PDEATHSIG). That signal is bound to the thread that started a child:
one more reason for a process with one thread.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers.server_process import fast_folder

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_GRACE = 10.0
"""Seconds until a process that was asked to end is killed."""


class Supervisor:
    """The tests' side. One is enough for a process: `supervisor()`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.supervisor"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def start(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        stdout: Path,
        stderr: Path,
        environment: Mapping[str, str] | None = None,
        user: tuple[int, int] | None = None,
        at_the_end: signal.Signals = signal.SIGKILL,
        leaves: Sequence[str] = (),
    ) -> int:
        """The process id of a command, started in `folder`; what it writes is added to the two files.

        `user` is a user's and a group's number. `at_the_end` is the signal for a process that still runs when the
        tests have gone. `leaves` are files that it does not remove when it is killed, with `{pid}` for its number.
        Raises OSError.
        """
        answer = self._ask(
            {
                "start": list(command),
                "folder": str(folder),
                "stdout": str(stdout),
                "stderr": str(stderr),
                "environment": dict(os.environ if environment is None else environment),
                "user": user,
                "signal": int(at_the_end),
                "leaves": list(leaves),
            }
        )
        if "error" in answer:
            raise OSError(answer["error"])
        return int(answer["pid"])

    def ended(self, pid: int) -> int | None:
        """The exit code of a process that `start` has named; None while it runs."""
        code: int | None = self._ask({"ended": pid})["code"]
        return code

    def wait(self, pid: int, seconds: float = 60.0) -> int:
        """The exit code, once it has ended. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while (code := self.ended(pid)) is None:
            if time.monotonic() > end:
                raise TimeoutError(f"process {pid} has not ended")
            time.sleep(0.005)
        return code

    def signal(self, pid: int, sig: signal.Signals) -> None:
        """Send a signal; a process that has ended gets none, and nor does another with its number."""
        self._ask({"kill": pid, "signal": int(sig)})

    def folder(self) -> Path:
        """A new folder, in memory where there is such a place, that is removed at the end."""
        made = Path(tempfile.mkdtemp(prefix="contactport-test-", dir=fast_folder()))
        self._ask({"remove": str(made)})
        return made

    def disk(self, megabytes: int) -> Path | None:
        """A new folder on a file system of its own that holds no more; None where this user may not mount one."""
        made = self.folder()
        return made if self._ask({"mount": str(made), "megabytes": megabytes})["mounted"] else None

    def close(self) -> None:
        """End everything."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


@functools.cache
def supervisor() -> Supervisor:
    """The supervisor of this process; it ends with it."""
    one = Supervisor()
    atexit.register(one.close)
    return one


class _Children:
    """The supervisor's own side. Children's children that are left alone become its own, so that it knows of all."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self._libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._running: dict[int, int] = {}
        self._leaves: dict[int, list[str]] = {}
        self._codes: dict[int, int] = {}
        self._folders: list[str] = []
        self._disks: list[str] = []
        self._popen: list[subprocess.Popen[bytes]] = []

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        self._bury()
        if "start" in question:
            return self._start(question)
        if "ended" in question:
            return {"code": self._codes.get(question["ended"])}
        if "kill" in question:
            # Its number is its own until it has been waited for.
            if question["kill"] in self._running:
                os.kill(question["kill"], question["signal"])
            return {}
        if "mount" in question:
            return {"mounted": self._mount(question["mount"], question["megabytes"])}
        self._folders.append(question["remove"])
        return {}

    def _mount(self, folder: str, megabytes: int) -> bool:
        options = f"size={megabytes}m,mode=755"
        try:
            done = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True
            )
        except OSError:
            return False
        if done.returncode == 0:
            self._disks.append(folder)
        return done.returncode == 0

    def _start(self, question: dict[str, Any]) -> dict[str, Any]:
        user, group = question["user"] or (None, None)
        try:
            with open(question["stdout"], "ab") as out, open(question["stderr"], "ab") as err:
                child = subprocess.Popen(
                    question["start"],
                    cwd=question["folder"],
                    env=question["environment"],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    user=user,
                    group=group,
                    extra_groups=None if user is None else [],
                    start_new_session=True,
                    # After it has become the other user, which would clear it.
                    preexec_fn=self._at_the_parents_death(question["signal"]),
                )
        except OSError as error:
            return {"error": str(error)}
        self._running[child.pid] = question["signal"]
        self._leaves[child.pid] = [name.format(pid=child.pid) for name in question["leaves"]]
        # Kept, because a forgotten one would be waited for behind our back.
        self._popen.append(child)
        return {"pid": child.pid}

    def _at_the_parents_death(self, sig: int) -> Callable[[], None]:
        prctl = self._libc.prctl

        def ask() -> None:
            prctl(_PR_SET_PDEATHSIG, sig, 0, 0, 0)

        return ask

    def _bury(self) -> bool:
        """Wait for every child that has ended; whether any is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if self._running.pop(pid, None) is not None:
                self._codes[pid] = os.waitstatus_to_exitcode(status)
                for name in self._leaves.pop(pid):
                    Path(name).unlink(missing_ok=True)

    def end(self) -> None:
        """Ask all to end, kill those that do not, and remove the folders."""
        self._bury()
        for pid, sig in self._running.items():
            os.kill(pid, sig)
            # One that is stopped hears nothing but KILL.
            os.kill(pid, signal.SIGCONT)
        end = time.monotonic() + _GRACE
        while self._bury() and time.monotonic() < end:
            time.sleep(0.01)
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + _GRACE
        while self._bury() and time.monotonic() < end:
            time.sleep(0.01)
        for disk in self._disks:
            # Lazily: a process that has just been killed may still hold a file of it.
            subprocess.run(["umount", "--lazy", disk], capture_output=True)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)


def _keep() -> None:
    # Whoever interrupts the tests from a terminal, or ends them all, ends them first. What is handled, and not
    # ignored, is nothing that the children inherit.
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda _number, _frame: None)
    children = _Children()
    try:
        for line in sys.stdin.buffer:
            answer = json.dumps(children.answer(json.loads(line)))
            with contextlib.suppress(BrokenPipeError):
                sys.stdout.buffer.write(answer.encode() + b"\n")
                sys.stdout.buffer.flush()
    finally:
        children.end()


if __name__ == "__main__":
    _keep()
