"""A source that fails with the user's words in its exceptions, in every way in which Python could show them.

Any package may offer a source, and its exceptions are its own. It is installed for a process by a folder on its
PYTHONPATH, with a protocol and a provider of its own.
"""

from __future__ import annotations

from pathlib import Path

SERVICE = "planted"
USERNAME = "kanarie.planted.74@example.net"

_SOURCE = '''
import asyncio
import threading


class Told:
    """What is thrown away breaks once more."""

    def __init__(self, words):
        self.words = words

    def __del__(self):
        raise ValueError(self.words)


class FailingSource:
    def __init__(self, context):
        pass

    async def pages(self, account, client, known):
        grant = account.grant
        words = f"{grant.username} {grant.password} {grant.server}"

        async def lose():
            raise LookupError(words)

        def end():
            raise OSError(words)

        asyncio.get_running_loop().create_task(lose())
        asyncio.get_running_loop().call_soon(end)
        thread = threading.Thread(target=end)
        thread.start()
        thread.join()
        Told(words)
        await asyncio.sleep(0)
        try:
            raise KeyError(words)
        except KeyError as error:
            broken = RuntimeError(words, {"password": grant.password})
            broken.add_note(words)
            raise broken from error
        yield
'''
_ROW = """
[[provider]]
code = "planted"
name = "Planted"
self_hosted = true
[provider.password]
protocol = "planted"
"""


def plant(folder: Path) -> Path:
    """Write the package. Returns the folder for PYTHONPATH."""
    folder.mkdir()
    package = folder / "planted_source"
    package.mkdir()
    (package / "__init__.py").write_text(_SOURCE, "utf-8")
    (package / "providers.toml").write_text(_ROW, "utf-8")
    about = folder / "planted_source-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: planted-source\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text(
        "[contactport.sources]\nplanted = planted_source:FailingSource\n"
        "[contactport.providers]\nplanted = planted_source\n",
        "utf-8",
    )
    return folder
