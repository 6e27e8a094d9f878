"""Dependencies of the endpoints. The composition root (`app.py`) fills them in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from contactport.http.limits import ConnectionLimiter, RateLimiter
from contactport.imports.begin import Request
from contactport.imports.consent import Consents
from contactport.imports.sign_in import SignIns
from contactport.imports.upload import Uploads
from contactport.imports.upload_page import UploadPages
from contactport.settings import Settings
from contactport.sources.providers import Providers
from contactport.sources.rows import load_providers
from contactport.store.open import Store


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """`begin` makes an import, enqueues it and gives its id; it raises Refusal for what it refuses.

    `erase` cancels an import and deletes what is left of it. `consents` sends users to providers and takes them back,
    `sign_ins` asks them for a name and a password, `upload_pages` takes their files. `uploads` takes those that an
    application sends.
    `stopping` is set once the process is to stop; the application has it as `state.stopping`.
    """

    settings: Settings
    store: Store
    begin: Callable[[Request], Awaitable[int]]
    erase: Callable[[int], Awaitable[None]]
    consents: Consents
    sign_ins: SignIns
    uploads: Uploads
    upload_pages: UploadPages
    providers: Providers = msgspec.field(default_factory=load_providers)
    rate_limiter: RateLimiter = msgspec.field(default_factory=RateLimiter)
    stopping: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    connection_limiter: ConnectionLimiter = msgspec.field(default_factory=ConnectionLimiter)
