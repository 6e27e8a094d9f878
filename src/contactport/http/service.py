"""What the endpoints need of the rest of the house; the composition root fills it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from contactport.http.polls import Polls
from contactport.imports.begin import Request
from contactport.settings import Settings
from contactport.store.open import Store


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """`begin` makes an import, enqueues it and gives its id; it raises WireError for what it refuses."""

    settings: Settings
    store: Store
    begin: Callable[[Request], Awaitable[int]]
    polls: Polls = msgspec.field(default_factory=Polls)
