"""The demo: what it shows, and that it leaves nothing behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from demo import servers
from tests.needs import needs

ROOT = Path(__file__).parents[2]


def start(temporary: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo", *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_alive(process: psutil.Process) -> bool:
    """Whether it has not ended: an ended one that nobody has reaped yet (a zombie) is still in the table."""
    try:
        return process.is_running() and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def readme_block() -> tuple[str, list[str]]:
    """README's commands by hand, and the lines that it says they answer."""
    text = (ROOT / "README.md").read_text("utf-8")
    commands = next(
        block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "begin_import" in block
    )
    answers = re.search(r"It answers:\n\n```\n(.*?)```", text, re.DOTALL)
    assert answers
    return commands, answers[1].splitlines()


def test_readme_s_commands_work_when_pasted_after_the_demo_that_stays(tmp_path: Path) -> None:
    for program in ("curl", "jq"):
        if not shutil.which(program):
            needs(program, f"apt-get install {program}")
    commands, answers = readme_block()
    demo = start(tmp_path, "--stay")
    try:
        assert demo.stdout is not None
        lines: list[str] = []
        for line in demo.stdout:
            lines.append(line)
            if "Ctrl-C ends" in line:
                break
        export = [line.removeprefix("$ ") for line in lines if line.startswith("$ export ")][-1]
        pasted = subprocess.run(
            ["/bin/sh", "-eu"], input=export + commands, capture_output=True, text=True, timeout=120
        )
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=60)
    assert pasted.returncode == 0, pasted.stderr
    assert pasted.stdout.splitlines() == answers
    assert list(tmp_path.iterdir()) == []


def test_taken_ports_are_not_taken_again() -> None:
    with (
        servers.usual_or_free(servers.BOOK_PORT) as first,
        servers.usual_or_free(servers.BOOK_PORT) as second,
    ):
        assert first != second


def test_it_shows_a_whole_import(tmp_path: Path) -> None:
    demo = start(tmp_path)
    output, errors = demo.communicate(timeout=180)
    assert (demo.returncode, errors) == (0, "")
    assert "GATHERING    COMPLETED    196" in output
    assert "197 found = 196 delivered + 1 merged + 0 rejected" in output
    assert "broken-torn.vcf" in output
    assert "يوسف بن سعيد" in output
    assert list(tmp_path.iterdir()) == []


def test_it_shows_an_import_by_consent(tmp_path: Path) -> None:
    demo = start(tmp_path, "--consent")
    output, errors = demo.communicate(timeout=180)
    assert (demo.returncode, errors) == (0, "")
    assert re.search(
        r"\n  http://127\.0\.0\.1:\d+/authorize\n  http://127\.0\.0\.1:\d+/n/[A-Z0-9]{7}\n", output
    )
    assert "GATHERING    COMPLETED     25" in output
    assert "Amara Okafor" in output
    assert "… and 13 more" in output
    assert list(tmp_path.iterdir()) == []


def test_without_curl_python_sends_the_same_requests(tmp_path: Path) -> None:
    demo = start(tmp_path, PATH=str(tmp_path))
    output, errors = demo.communicate(timeout=180)
    assert (demo.returncode, errors) == (0, "")
    assert "curl is not installed here" in output
    assert "197 found = 196 delivered + 1 merged + 0 rejected" in output


def test_ctrl_c_ends_both_servers_and_deletes_everything(tmp_path: Path) -> None:
    demo = start(tmp_path)
    assert demo.stdout is not None
    for line in demo.stdout:
        if re.match(r"Radicale: ", line):
            break
    children = psutil.Process(demo.pid).children()
    assert len(children) >= 2
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)
    assert demo.returncode == 128 + signal.SIGINT
    assert not any(map(is_alive, children))
    assert list(tmp_path.iterdir()) == []
