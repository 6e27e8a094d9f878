"""An import by an uploaded file: sealed in pieces as it arrives, and started once it is whole."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
import structlog
from sqlalchemy import Connection

from contactport.errors import Code, Refusal
from contactport.formats.detect import HEAD, Detection, detect
from contactport.grant import Upload
from contactport.imports import pending
from contactport.imports.create import create
from contactport.imports.start import Start
from contactport.quantities import size
from contactport.settings import Settings
from contactport.sources.providers import Provider
from contactport.store import uploads
from contactport.store.domains import Domain
from contactport.store.imports import Fenced
from contactport.store.open import Store
from contactport.store.uploads import PIECE

log = structlog.get_logger()

AT_ONCE = 8
"""Files of one domain that may arrive at the same time, in one process: a slow one holds a connection for long."""
TOO_MANY = (
    f"This domain is sending {AT_ONCE} files already, which is its limit. Try again when one has arrived."
)
CANCELLED = "The import was cancelled, or its time was over, while its file was uploaded. Begin it again."
NOT_WHOLE = "The file did not arrive whole, and nothing of it was kept. Please upload it again."


class UploadRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of an upload, decoded and permitted."""

    domain: Domain
    provider: Provider
    include: frozenset[str] = frozenset()
    user_id: str | None = None

    def __repr__(self) -> str:
        return f"UploadRequest({self.provider.code!r})"


class Uploads:
    """Uploads of all imports. Made once in each process that answers requests."""

    def __init__(self, store: Store, settings: Settings, start: Start) -> None:
        self._store = store
        self._settings = settings
        self._start = start
        self._arriving: Counter[int] = Counter()
        """How many files of each domain are arriving."""

    async def take(self, request: UploadRequest, file: AsyncIterator[bytes]) -> int:
        """Read a file as it arrives; the id of the import, which is started.

        The import of a file that no format here reads is there too, and has ended with 1025. Nothing is stored before
        the first bytes show what the file is. Raises Refusal for a file that is too large, and over the domain's
        limits; what `file` raises passes. Then nothing of the file is left.
        """
        domain = request.domain.id
        if self._arriving[domain] >= AT_ONCE:
            raise Refusal(Code.INVALID_PARAMETERS, TOO_MANY, http=429, retry_after=10)
        self._arriving[domain] += 1
        try:
            return await self._take(request, file)
        finally:
            self._arriving[domain] -= 1
            if not self._arriving[domain]:
                del self._arriving[domain]

    async def _take(self, request: UploadRequest, file: AsyncIterator[bytes]) -> int:
        head, is_whole = bytearray(), True
        async for data in file:
            head += data
            if len(head) > HEAD:
                is_whole = False
                break
        self._check_size(len(head))
        found = detect(bytes(head[: HEAD + 1]), is_whole=is_whole)
        if not found.format:
            return await self._store.database.write(self._refuse, request, found)
        import_id = await self._store.database.write(self._create, request)
        try:
            total = await self._keep(import_id, head, file)
            grant = Upload(format=found.format, size=total)
            if not await self._store.database.write(self._start, import_id, grant):
                raise Fenced
        except BaseException as error:
            # A cancelled request must not cancel this as well.
            await asyncio.shield(self._abandon(import_id))
            if isinstance(error, Fenced):
                raise Refusal(Code.ABANDONED, CANCELLED, http=409) from None
            raise
        log.info("file_uploaded", import_id=import_id, format=found.format)
        return import_id

    async def _abandon(self, import_id: int) -> None:
        """End an import whose file did not come whole. Where that fails, the housekeeping does it."""
        with suppress(Exception):
            await self._store.database.write(pending.end, self._store, import_id, Code.ABANDONED, NOT_WHOLE)

    def _refuse(self, connection: Connection, request: UploadRequest, found: Detection) -> int:
        import_id = self._create(connection, request)
        pending.end(connection, self._store, import_id, Code.FILE_UNKNOWN, found.why)
        log.info("file_refused", import_id=import_id, kind=found.kind)
        return import_id

    def _create(self, connection: Connection, request: UploadRequest) -> int:
        return create(
            connection,
            self._store,
            self._settings,
            request.domain,
            request.provider,
            "file",
            include=request.include,
            user_id=request.user_id,
            at_once=True,
        )

    async def _keep(self, import_id: int, head: bytearray, file: AsyncIterator[bytes]) -> int:
        """Seal all of a file, whose beginning is here already; its size."""
        waiting, n, total = head, 0, len(head)
        async for data in file:
            waiting += data
            total += len(data)
            self._check_size(total)
            while len(waiting) >= PIECE:
                await self._put(import_id, n, bytes(waiting[:PIECE]))
                del waiting[:PIECE]
                n += 1
        if waiting:
            await self._put(import_id, n, bytes(waiting))
        return total

    async def _put(self, import_id: int, n: int, data: bytes) -> None:
        def transaction(connection: Connection) -> None:
            self._store.database.reserve.check()
            uploads.put_piece(connection, self._store.ring, import_id, n, data)

        await self._store.database.write(transaction)

    def _check_size(self, total: int) -> None:
        if total > self._settings.upload_bytes:
            raise too_large(self._settings.upload_bytes)


def too_large(most: int) -> Refusal:
    """The refusal of a file of more than `most` bytes."""
    return Refusal(
        Code.INVALID_PARAMETERS,
        f"The file is too large: it may have {size(most)}. Export fewer contacts at a time, or leave pictures out.",
        http=413,
    )
