"""A read-only data folder is refused before the start, with the name of the file and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from contactport.app import hold_folder
from contactport.store import domains
from contactport.store.database import unavailable
from contactport.store.open import open_store
from contactport.store.writable import FILES, FolderError, read_only
from tests.needs import needs

NOBODY = 65534


def told_to(user: int, work: Callable[[], str]) -> str:
    """What `work` says in a process of another user's: root may write everything."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            said = work()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(send, said.encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as file:
        said = file.read()
    os.waitpid(child, 0)
    return said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that has been used."""
    folder = tmp_path / "data"
    open_store(folder)
    os.close(hold_folder(folder))
    return folder


def refused(folder: Path, work: Callable[[Path], object]) -> str:
    """What the work on a folder is refused with, told to its owner, who is not root."""

    def tried() -> str:
        try:
            work(folder)
        except FolderError as error:
            return str(error)
        return ""

    if os.geteuid() != 0:
        return tried()
    # Only the way there is root's alone.
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def beside() -> str:
        os.fchdir(here)
        return tried()

    try:
        for path in (folder, *folder.iterdir()):
            os.chown(path, NOBODY, NOBODY)
        folder = Path()
        return told_to(NOBODY, beside)
    finally:
        os.close(here)


@pytest.mark.parametrize("name", [".", *FILES])
@pytest.mark.parametrize("work", [open_store, hold_folder])
def test_what_is_read_only_is_named_with_its_remedy(
    folder: Path, name: str, work: Callable[[Path], object]
) -> None:
    path = folder / name
    path.touch()
    path.chmod(0o500 if name == "." else 0o400)
    told = refused(folder, work)
    assert "is read-only: allow it to be written again" in told, told
    assert "chmod u+w" in told
    assert (name if name != "." else "") in told
    assert "\n" not in told
    path.chmod(0o700 if name == "." else 0o600)


def test_a_folder_of_another_user(folder: Path) -> None:
    if os.geteuid() != 0:
        needs("root", "run the tests as root, who may be another user")
    folder.chmod(0o755)
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def work() -> str:
        os.fchdir(here)
        return read_only(Path())

    told = told_to(NOBODY, work)
    os.close(here)
    assert f"it belongs to the user with the number 0, and this program runs as {NOBODY}" in told
    assert f"chown -R {NOBODY}" in told


def test_what_can_be_written_is_not_refused(folder: Path) -> None:
    assert read_only(folder) == ""
    (folder / "ring.json").chmod(0o400)
    assert read_only(folder) == ""
    assert read_only(folder / "none") == ""


async def test_a_database_that_became_read_only_is_told_with_the_remedy(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data")
    with store.database.engine.connect() as connection:
        # The pool's one connection, as SQLite has it once the file system was mounted read-only.
        connection.exec_driver_sql("PRAGMA query_only=ON")
    with pytest.raises(FolderError, match=r"is read-only|read-only\. Its disk") as refused:
        await store.database.write(domains.add, "shop")
    assert "Mount it for writing" in str(refused.value)
    assert unavailable(refused.value)
    assert store.database.read_now(domains.all_domains) == []
    await store.database.close()
