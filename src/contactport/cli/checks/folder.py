"""Checks of the data folder: its owner, its modes and its disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from contactport.cli.checks.finding import Finding, good, note, wrong

LOW_BYTES = 1 << 30
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph"})


def there(folder: Path, *, shared: bool = False) -> Iterator[Finding]:
    """Whether the folder exists, is ours and is private. If it is `shared` by hosts, it has only the key ring."""
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
        yield wrong("folder", f"{folder}is not a folder", "name a folder with --data or CONTACTPORT_DATA")
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
            f"other users can read the data folder {folder} (mode {mode:04o})",
            f"chmod 700 {folder}",
        )
    else:
        yield good("folder", f"{folder} is there, writable, and nobody else's")
    yield from _owners(folder)
    if not shared:
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
        yield wrong(
            "disk", told, "free some space: an import of many contacts with pictures takes hundreds of MB"
        )
    elif room.f_files and room.f_favail < 1000:
        yield wrong(
            "disk", f"{room.f_favail} files may still be made at {place}", "delete some, or move the folder"
        )
    else:
        yield good("disk", told)
