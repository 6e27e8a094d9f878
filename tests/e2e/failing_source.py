"""A source that breaks with the user's words in its exceptions, in every way in which Python may come to show them.

Any package may offer a source, and its exceptions are its own. It is installed for a process by a folder on its
PYTHONPATH, and takes the place of the built-in one of the same name: other accounts are passed on to that.
"""

from __future__ import annotations

from pathlib import Path

USERNAME = "kanarie.planted.74@example.net"
"""Whose imports break."""

_SOURCE = '''
import asyncio
import threading

from contactport.sources.carddav import CardDav


class Told:
    """What is thrown away breaks once more."""

    def __init__(self, words):
        self.words = words

    def __del__(self):
        raise ValueError(self.words)


class FailingSource(CardDav):
    async def pages(self, account, client, known):
        grant = account.grant
        if grant.username != %r:
            async for page in super().pages(account, client, known):
                yield page
            return
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
'''


def plant(folder: Path) -> Path:
    """Lay the package out; the folder that is to be on PYTHONPATH."""
    folder.mkdir()
    (folder / "planted_source.py").write_text(_SOURCE % USERNAME, "utf-8")
    about = folder / "planted_source-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: planted-source\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text(
        "[contactport.sources]\ncarddav = planted_source:FailingSource\n", "utf-8"
    )
    return folder
