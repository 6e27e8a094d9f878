"""Requests as command lines: they are shown, and then run by a shell and curl."""

from __future__ import annotations

import base64
import os
import shlex
import shutil
import string
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping

from demo.servers import DemoError

HAVE_CURL = shutil.which("curl") is not None


def run(line: str, variables: Mapping[str, str]) -> str:
    """What the line's server answers. The line's `$NAME` come from `variables`. Raises DemoError."""
    if not HAVE_CURL:
        return _python(line, variables)
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        env={**os.environ, **variables, "no_proxy": "*"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DemoError(f"curl ended with status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def _python(line: str, variables: Mapping[str, str]) -> str:
    """The same request without curl: a URL, `-u` and `-d` are all that the demo's lines use."""
    words = iter(string.Template(word).substitute(variables) for word in shlex.split(line)[1:])
    url, user, data = "", "", list[str]()
    for word in words:
        if word == "-u":
            user = next(words)
        elif word == "-d":
            data.append(next(words))
        elif not word.startswith("-"):
            url = word
    request = urllib.request.Request(url, data="&".join(data).encode() if data else None)
    request.add_header("Authorization", f"Basic {base64.b64encode(user.encode()).decode('ascii')}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        return error.read().decode("utf-8")
    except OSError as error:
        raise DemoError(f"{url} can't be reached: {error}") from None
