"""Uploading a file on the service's own page: an import that waits until its user has given a file that can be read.

The file is sealed in pieces as it arrives. One that shows cards starts the import at once. A table is shown first:
its user may correct its columns, or choose between two character sets, and then confirms. Until then the import is
pending, and another file may take the place of the first.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

import msgspec
import structlog
from sqlalchemy import Connection

from contactport.formats.columns import UnknownField
from contactport.formats.columns.fields import parse
from contactport.formats.detect import HEAD, Detection, detect
from contactport.grant import Upload
from contactport.imports import own_page
from contactport.imports.consent import BegunConsent, ConsentRequest, begin_pending
from contactport.imports.file_preview import ESSENTIAL, FilePreview, preview
from contactport.imports.start import Start
from contactport.quantities import size as size_in_words
from contactport.settings import Settings
from contactport.store import consents, uploads
from contactport.store.consents import Consent
from contactport.store.imports import Fenced
from contactport.store.open import Store

log = structlog.get_logger()

_WHOLE = frozenset({"xlsx", "zip"})
"""Formats of which the beginning shows nothing: their index is at the end."""
_BEGINNING = 1024 * 1024
NO_ESSENTIAL = "Say which column has the names, the e-mail addresses or the telephone numbers."
INCOMPLETE = "The file did not arrive whole. Please upload it again."


class UploadForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the page asks, and for whom. `guide` is the service whose export is explained first.

    `problem` says what was wrong with the last file, empty at first. `file` is what waits for its columns to be
    confirmed.
    """

    import_id: int
    domain: str
    service: str
    guide: str
    problem: str
    file: FilePreview | None
    return_url: str

    def __repr__(self) -> str:
        return f"UploadForm({self.import_id})"


class _Superseded(Exception):
    """Another file is uploaded for the same import, or it waits for none any more."""


class UploadPages:
    """Uploads on the service's own page, of all imports. Made once in each process that answers browsers."""

    def __init__(self, store: Store, settings: Settings, start: Start) -> None:
        self._store = store
        self._settings = settings
        self._start = start
        self._previewing = asyncio.Semaphore()
        """A workbook is whole in memory while it is looked at: one at a time."""

    async def begin(self, request: ConsentRequest, guide: str) -> BegunConsent:
        """A pending import with its page. Raises Refusal over the domain's limits."""
        return await self._store.database.write(
            lambda connection: begin_pending(
                connection, self._store, self._settings, request, "file", guide=guide
            )
        )

    async def visit(self, code: str, cookie: str) -> UploadForm | None:
        """A browser opens the page, for the first time or again; None once there is nothing to do any more.

        Raises ConsentRefused.
        """
        one = await self._store.database.write(own_page.visited, self._store, code, cookie)
        if one is None:
            return None
        kept = one.secrets
        return UploadForm(
            import_id=one.import_id,
            domain=one.domain_name,
            service=one.service,
            guide=kept.guide or one.service,
            problem=kept.problem,
            file=msgspec.json.decode(kept.file, type=FilePreview) if kept.file else None,
            return_url=kept.redirect_url,
        )

    async def cancel(self, code: str, cookie: str) -> None:
        """The user does not want to. Raises ConsentRefused."""
        await self._store.database.write(own_page.cancel, self._store, code, cookie)

    async def another(self, code: str, cookie: str) -> None:
        """The user wants to give another file than the one that waits. Raises ConsentRefused."""
        await self._store.database.write(self._begin_file, code, cookie, "")

    async def refuse(self, code: str, cookie: str, problem: str) -> None:
        """A file was not taken; the page says why. Raises ConsentRefused."""
        await self._store.database.write(self._begin_file, code, cookie, problem)

    async def receive(self, code: str, cookie: str, file: AsyncIterator[bytes]) -> None:
        """Take a file as it arrives. What can't be read is refused on the page. Raises ConsentRefused.

        The file is read to its end in any case: a browser shows no answer before it has sent everything.
        """
        transfer = secrets.token_urlsafe(8)
        one = await self._store.database.write(self._begin_file, code, cookie, "", transfer)
        if one is None:
            return await _drain(file)
        problem = INCOMPLETE
        try:
            problem = await self._take(one.import_id, transfer, file)
        except (_Superseded, Fenced):
            await _drain(file)
        finally:
            if problem:
                await self._store.database.write(self._drop, one.import_id, transfer, problem)

    async def _take(self, import_id: int, transfer: str, file: AsyncIterator[bytes]) -> str:
        """Why the file can't be taken; empty if it is."""
        head = bytearray()
        async for data in file:
            head += data
            if len(head) >= HEAD:
                break
        detection = detect(bytes(head[:HEAD]), is_whole=len(head) < HEAD)
        if not detection.format:
            await _drain(file)
            return detection.why
        total = await self._keep(import_id, transfer, head, file)
        if total > self._settings.upload_bytes:
            return too_big(self._settings.upload_bytes)
        found = await self._look(import_id, detection, total)
        if isinstance(found, str):
            return found
        await self._store.database.write(self._settle, import_id, transfer, found)
        return ""

    async def confirm(
        self, code: str, cookie: str, reading: int, fields: Mapping[int, str], *, has_header: bool = False
    ) -> bool:
        """Import the file that waits, by one of its readings, with fields by the numbers of its columns.

        `has_header` says that the first row is a header, although it does not look like one. False where the columns
        say nothing about anybody. Raises ConsentRefused.
        """
        return await self._store.database.write(self._confirm, code, cookie, reading, fields, has_header)

    def _begin_file(
        self, connection: Connection, code: str, cookie: str, problem: str, transfer: str = ""
    ) -> Consent | None:
        """Forget the file that is here. The next one is `transfer`."""
        one = own_page.owned(connection, self._store, code, cookie)
        if one is not None:
            uploads.remove(connection, one.import_id)
            self._note(connection, one, problem=problem, transfer=transfer, file="")
        return one

    async def _keep(self, import_id: int, transfer: str, head: bytearray, file: AsyncIterator[bytes]) -> int:
        """Seal a file piece by piece; its size. Of one that is too large nothing more is kept."""
        waiting, n, total = head, 0, len(head)
        async for data in file:
            total += len(data)
            if total > self._settings.upload_bytes:
                waiting.clear()
                continue
            waiting += data
            while len(waiting) >= uploads.PIECE:
                await self._put(import_id, transfer, n, bytes(waiting[: uploads.PIECE]))
                del waiting[: uploads.PIECE]
                n += 1
        if waiting:
            await self._put(import_id, transfer, n, bytes(waiting))
        return total

    async def _put(self, import_id: int, transfer: str, n: int, data: bytes) -> None:
        def transaction(connection: Connection) -> None:
            self._store.database.reserve.check()
            self._current(connection, import_id, transfer)
            uploads.put_piece(connection, self._store.ring, import_id, n, data)

        await self._store.database.write(transaction)

    def _current(self, connection: Connection, import_id: int, transfer: str) -> Consent:
        """The import's row, if this is the file that it waits for. Raises _Superseded."""
        one = consents.by_import(connection, self._store.ring, import_id)
        if one is None or one.import_state != "pending" or one.secrets.transfer != transfer:
            raise _Superseded
        return one

    async def _look(self, import_id: int, detection: Detection, total: int) -> FilePreview | str:
        """Look at a file that is here: its preview, or why it can't be imported."""
        most = None if detection.format in _WHOLE else _BEGINNING
        async with self._previewing:
            data = await self._store.database.read(uploads.beginning, self._store.ring, import_id, most)
            return await asyncio.to_thread(preview, data, detection, total)

    def _settle(self, connection: Connection, import_id: int, transfer: str, found: FilePreview) -> None:
        """The file is imported at once, or waits for its columns."""
        one = self._current(connection, import_id, transfer)
        if found.readings:
            file = msgspec.json.encode(found).decode()
            self._note(connection, one, problem="", transfer="", file=file)
        else:
            self._go_on(connection, one, Upload(format=found.format, size=found.size))

    def _drop(self, connection: Connection, import_id: int, transfer: str, problem: str) -> None:
        """Forget a file that can't be taken, unless another one has taken its place."""
        with suppress(_Superseded):
            one = self._current(connection, import_id, transfer)
            uploads.remove(connection, import_id)
            self._note(connection, one, problem=problem, transfer="", file="")

    def _confirm(
        self,
        connection: Connection,
        code: str,
        cookie: str,
        reading: int,
        fields: Mapping[int, str],
        has_header: bool,
    ) -> bool:
        one = own_page.owned(connection, self._store, code, cookie)
        if one is None or not one.secrets.file:
            return True
        file = msgspec.json.decode(one.secrets.file, type=FilePreview)
        chosen = file.readings[reading if 0 <= reading < len(file.readings) else 0]
        # A row whose cells a person names is the header: then all of them are named.
        headers = chosen.first_row if has_header else {}
        changed: dict[str, str] = {}
        essential = False
        for column in chosen.columns:
            field = fields.get(column.number, column.field)
            try:
                base = parse(field).base if field else ""
            except UnknownField:
                field, base = column.field, column.field.partition(".")[0]
            essential = essential or base in ESSENTIAL
            if headers or field != column.field:
                changed[headers.get(column.number, str(column.number))] = field
        if not essential:
            return False
        # The whole file decides what its beginning leaves open, unless the user has chosen.
        charset = chosen.charset if len(file.readings) > 1 else ""
        grant = Upload(format=file.format, size=file.size, columns=changed, charset=charset)
        self._go_on(connection, one, grant)
        return True

    def _go_on(self, connection: Connection, one: Consent, grant: Upload) -> None:
        self._note(connection, one, problem="", transfer="", file="")
        self._start(connection, one.import_id, grant)
        log.info("file_uploaded", import_id=one.import_id, format=grant.format)

    def _note(self, connection: Connection, one: Consent, *, problem: str, transfer: str, file: str) -> None:
        kept = msgspec.structs.replace(one.secrets, problem=problem, transfer=transfer, file=file)
        consents.keep_secrets(connection, self._store.ring, one, kept)


def too_big(most: int) -> str:
    """What to do with a file of more than `most` bytes, for its user."""
    return (
        f"The file is too large: it may have {size_in_words(most)}. Export fewer contacts at a time, or leave "
        "pictures out."
    )


async def _drain(file: AsyncIterator[bytes]) -> None:
    """Read on to the end, and keep nothing."""
    async for _ in file:
        pass
