"""The demo, as a stranger runs it: what it shows, and that nothing of it stays."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]


def start(temporary: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_shows_a_whole_import(tmp_path: Path) -> None:
    demo = start(tmp_path)
    output, errors = demo.communicate(timeout=180)
    assert (demo.returncode, errors) == (0, "")
    assert "GATHERING    COMPLETED    195" in output
    assert "197 found = 195 delivered + 1 merged + 1 rejected" in output
    assert "broken-torn.vcf" in output
    assert "يوسف بن سعيد" in output
    assert list(tmp_path.iterdir()) == []


def test_without_curl_python_sends_the_same_requests(tmp_path: Path) -> None:
    demo = start(tmp_path, PATH=str(tmp_path))
    output, errors = demo.communicate(timeout=180)
    assert (demo.returncode, errors) == (0, "")
    assert "curl is not installed here" in output
    assert "197 found = 195 delivered + 1 merged + 1 rejected" in output


def test_ctrl_c_ends_both_servers_and_deletes_everything(tmp_path: Path) -> None:
    demo = start(tmp_path)
    assert demo.stdout is not None
    for line in demo.stdout:
        if re.match(r"Radicale: ", line):
            break
    servers = psutil.Process(demo.pid).children()
    assert len(servers) >= 2
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)
    assert demo.returncode == 128 + signal.SIGINT
    assert not any(server.is_running() for server in servers)
    assert list(tmp_path.iterdir()) == []
