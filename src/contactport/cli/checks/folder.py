"""The data folder: its modes, its key ring, its schema and its disk."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from contactport.cli.checks.finding import Finding, good, note, wrong

DATABASE = "contactport.db"
RING = "ring.json"
LOW_BYTES = 1 << 30
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph"})


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """What the database tells of itself; None where it does not know."""

    revision: str | None
    fingerprint: str | None
    newest: float | None
    """The latest moment it knows of, in seconds since 1970."""


def there(folder: Path) -> Iterator[Finding]:
    """Whether the folder is there, ours, and nobody else's."""
    if not folder.exists():
        parent = next(above for above in folder.absolute().parents if above.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            yield note("folder", f"there is no data folder {folder} yet: the first start makes it")
        else:
            yield wrong(
                "folder",
                f"there is no data folder {folder}, and {parent} does not let this user make it",
                f"make it, with this user as its owner and mode 0700, or name another ({'CONTACTPORT_DATA'})",
            )
        return
    if not folder.is_dir():
        yield wrong("folder", f"{folder} is no folder", "name a folder with --data or CONTACTPORT_DATA")
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield wrong(
            "folder",
            f"this user may not read and write the data folder {folder}",
            "run as the folder's owner, or give it to this user",
        )
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        yield wrong(
            "folder",
            f"others can look into the data folder {folder} (mode {mode:04o})",
            f"chmod 700 {folder}",
        )
    else:
        yield good("folder", f"{folder} is there, writable, and nobody else's")
    yield from _owners(folder)
    yield from _file_system(folder)


def _owners(folder: Path) -> Iterator[Finding]:
    owner = folder.stat().st_uid
    foreign = sorted(path.name for path in folder.iterdir() if path.stat().st_uid != owner)
    if foreign:
        yield wrong(
            "folder",
            f"files in it belong to another user than the folder does: {', '.join(foreign)}",
            f"chown them to the folder's owner, and run every contactport command as that user (number {owner})",
        )


def _file_system(folder: Path) -> Iterator[Finding]:
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    place, best, kind = str(folder.resolve()), "", ""
    for mount in mounts:
        fields = mount.split(" ")
        point = fields[1].replace("\\040", " ")
        inside = point == "/" or place == point or place.startswith(f"{point}/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    if kind in _REMOTE:
        yield wrong(
            "folder",
            f"the data folder is on a network file system ({kind}), on which SQLite can lose data",
            "move it to a disk of this host",
        )


def disk(folder: Path) -> Iterator[Finding]:
    """Whether there is room for imports."""
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    room = os.statvfs(place)
    free = room.f_bavail * room.f_frsize
    told = f"{free / LOW_BYTES:.1f} GiB free at {place}"
    if free < LOW_BYTES:
        yield wrong("disk", told, "make room: an import of many contacts with pictures takes hundreds of MB")
    elif room.f_files and room.f_favail < 1000:
        yield wrong(
            "disk", f"{room.f_favail} files may still be made at {place}", "delete some, or move the folder"
        )
    else:
        yield good("disk", told)


def look_inside(folder: Path) -> tuple[Inside | None, list[Finding]]:
    """Read the database without touching it; None where there is none to read."""
    path = folder / DATABASE
    if not path.exists():
        return None, []
    log = path.with_name(f"{DATABASE}-wal")
    # Without a log nobody has the database open, and immutable says that no file need be made to read it.
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as connection:
            return Inside(
                revision=_one(connection, "SELECT version_num FROM alembic_version"),
                fingerprint=_one(connection, "SELECT fingerprint FROM ring"),
                newest=_newest(connection),
            ), []
    except sqlite3.DatabaseError as error:
        return None, [
            wrong("database", f"{path} can't be read: {error}", "put a backup of the whole data folder back")
        ]


def _one(connection: sqlite3.Connection, query: str) -> str | None:
    try:
        row = connection.execute(query).fetchone()
    except sqlite3.OperationalError:
        # A database that was made a moment ago has no tables.
        return None
    return str(row[0]) if row else None


def _newest(connection: sqlite3.Connection) -> float | None:
    moments = [
        _one(connection, f"SELECT max(created_at) FROM {table}")  # noqa: S608  names of our own
        for table in ("domain", "import")
    ]
    known = [float(moment) / 1000 for moment in moments if moment not in (None, "None")]
    return max(known) if known else None


def schema(inside: Inside) -> Iterator[Finding]:
    """Whether the database is of this version."""
    from alembic.script import ScriptDirectory

    from contactport.store import migrations

    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    ours = scripts.get_current_head()
    known = {script.revision for script in scripts.walk_revisions()}
    if inside.revision == ours:
        yield good("database", f"its schema is this version's ({ours})")
    elif inside.revision is None or inside.revision in known:
        yield note(
            "database",
            f"its schema is {inside.revision or 'not made yet'}; the next start brings it to {ours}",
            "keep a backup of the data folder until that is done",
        )
    else:
        yield wrong(
            "database",
            f"it is of a newer version (schema {inside.revision}) than this program (schema {ours})",
            "run the version that made it, or a newer one",
        )


def ring(folder: Path, inside: Inside | None) -> Iterator[Finding]:
    """Whether the key ring is there, safe, and the database's own."""
    from contactport.store.vault import Ring, RingError

    path = folder / RING
    lost = f"put the {RING} that belongs to this database back; docs/operations.md says how to start with a new one"
    if not path.exists():
        if inside is not None and inside.fingerprint is not None:
            yield wrong("ring", f"the key ring {path} is gone, and the database wants it", lost)
        return
    try:
        fingerprint = Ring.open(path)[0].fingerprint
    except RingError as error:
        yield wrong("ring", str(error), f"chmod 600 {path}" if path.stat().st_mode & 0o077 else lost)
        return
    if inside is None:
        yield wrong(
            "ring", f"there is a key ring {path} without its database", "put the database back beside it"
        )
    elif inside.fingerprint not in (None, fingerprint):
        yield wrong("ring", f"the key ring {path} is not this database's", lost)
    else:
        yield good("ring", f"{path} is this database's, and nobody else can read it")
