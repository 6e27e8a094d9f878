"""All settings in one struct, read from `CONTACTPORT_*` variables and an optional TOML file.

The table in `docs/operations.md` is checked against this struct by a test.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

YEAR = 366 * 86_400
Positive = Annotated[int, Meta(gt=0, le=2**40)]
Seconds = Annotated[float, Meta(gt=0, le=YEAR)]
"""Bounded, so that infinity is refused as well."""
PREFIX = "CONTACTPORT_"
NO_SETTINGS = ("CONFIG", "TEST_", "FUZZ_")
"""How the names of our variables begin that are no settings."""
RENAMED = {"workers": "import_concurrency"}
"""Old names of settings. They still work, with a warning."""
FILE_BYTES = 1024 * 1024
TENANT = "^[A-Za-z0-9.-]{0,100}$"
"""A directory of Microsoft's: its number, or its domain."""
_PLACE = re.compile(r"(?P<told>.*) - at `\$\.(?P<name>\w+).*`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_HEAD = re.compile(r"(?P<name>[a-z_]+): ")
_SECRET = frozenset({"database_url", "proxy", "oauth"})
"""Settings that hold a password: their values are never shown."""


class SettingError(ValueError):
    """A setting that can't be read; its text names the setting and where it was given.

    If the text begins with a setting's name and a colon, it gets the name of the variable too.
    """

    def __init__(self, text: str) -> None:
        found = _HEAD.match(text)
        if found is not None and found["name"] in Settings.__struct_fields__:
            name = found["name"]
            text = f"{name} ({PREFIX}{name.upper()}): {text[found.end() :]}"
        super().__init__(text)


REDIRECT_URI = r"^(https?://[!$-\[\]-~]{1,1990})?$"
"""Visible ASCII without a fragment (RFC 6749 section 3.1.2)."""


class OAuthSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table `[oauth.PROVIDER]` of the settings file: what an operator registered there, for every domain."""

    client_id: Annotated[str, Meta(min_length=1, max_length=1000)]
    client_secret: Annotated[str, Meta(max_length=4000)] = ""
    method: Literal["", "client_secret_basic", "client_secret_post", "none"] = ""
    """How the client shows its secret; empty is what the provider's row says."""
    tenant: Annotated[str, Meta(pattern=TENANT)] = ""
    redirect_uri: Annotated[str, Meta(pattern=REDIRECT_URI)] = ""
    """An application's own page that passes the provider's answer on to `/auth`; empty is `/auth` itself."""
    switches: list[str] = []

    def __repr__(self) -> str:
        return "OAuthSetting()"


class Settings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One field is one setting. Sizes are bytes, times are seconds."""

    data: str = "contactport-data"
    """The folder of the key ring, and of the database where that is SQLite."""
    database_url: str = ""
    """A PostgreSQL database, as `postgresql://…`; empty is SQLite in the data folder."""
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8321
    """0 takes a free port; the line that `serve` prints names it."""
    public_url: str = ""
    """The service's own address for browsers, such as `https://contacts.example.com`; empty is loopback only."""
    metrics: str = ""
    """Where `/metrics` is served, as `HOST:PORT`; empty is nowhere."""
    log_format: Annotated[str, Meta(pattern="^(json|text)$")] = "json"
    allow_network: list[str] = []
    """Private networks that imports may reach: `CIDR` or `CIDR:port`."""
    ca_file: str = ""
    """More certificate authorities to trust, in PEM, in addition to the system's."""
    providers: str = ""
    """A TOML file with the rows of further providers."""
    proxy: str = ""
    """An outbound HTTP proxy for public addresses: `http://HOST:PORT`, or with `USER:PASSWORD@`."""
    resolver: str = ""
    """A name server to ask instead of the system's: `IP` or `IP:port`."""
    resolver_trusted: bool = False
    """Whether the name server's word that an answer was checked by DNSSEC is taken, though it is another machine."""

    oauth: dict[str, OAuthSetting] = {}
    """OAuth clients by their provider's word: tables of the settings file, below those of `contactport oauth`."""

    retention: Annotated[int, Meta(gt=0, le=YEAR)] = 900
    """How long contacts stay after an import's end. A domain's own `--retention` overrides it."""
    body_bytes: Positive = 64 * 1024
    upload_bytes: Positive = 64 * 1024 * 1024
    """The largest file that may be uploaded. It is in memory while it is read."""
    echo_characters: Positive = 2000
    begins_per_minute: Positive = 300
    imports_in_flight: Positive = 200
    pending_imports: Positive = 2000
    """How many imports of a domain may wait for their users at once; they are not in flight."""
    pending_seconds: Seconds = 1800.0
    """How long a user may take to give what an import needs, at the provider's page or ours."""
    polls_per_second: Positive = 100
    import_concurrency: Positive = 16
    """How many imports one process runs at once."""
    provider_imports: Positive = 64
    """How many imports of one provider's host run at once, over all processes."""
    provider_per_minute: Positive = 1200
    """How many imports of one provider's host begin a minute, over all processes; a sixth of them may at once."""
    account_imports: Positive = 2
    """How many imports of one account run at once, over all processes."""
    account_per_minute: Positive = 20
    """How many imports of one account begin a minute; a sixth of them, or one, may at once."""
    breaker_failures: Positive = 5
    """After this number of the provider's own failures in a row, it is not asked for a while."""
    breaker_seconds: Seconds = 30.0
    """The first such pause. It doubles with every failed trial, up to ten minutes."""
    turn_seconds: Seconds = 30.0
    """How long an import keeps its slot when another domain waits and its own domain has more than its share."""
    progress_seconds: Seconds = 180.0
    """An import that makes too little progress in all of this time ends."""
    progress_bytes: Positive = 32 * 1024
    """This number of bytes in a minute is enough progress,"""
    progress_records: Positive = 10
    """and so is this number of cards in a minute."""
    drain_seconds: Seconds = 10.0
    """How long running imports may go on when the process stops. After that they go back to the queue."""

    import_bytes: Positive = 512 * 1024 * 1024
    import_members: Positive = 100_000
    import_requests: Positive = 1000
    """How many requests one import makes, and three more for each member or book that its server lists."""
    import_seconds: Seconds = 1800.0
    processor_seconds: Seconds = 1.0
    """Seconds of processor time that an import may use for each MiB of its cards; 30 are always allowed."""
    response_bytes: Positive = 512 * 1024 * 1024
    response_ratio: Positive = 200
    """How many decoded bytes one compressed byte may become."""
    card_bytes: Positive = 2 * 1024 * 1024
    text_bytes: Positive = 4 * 1024 * 1024
    """The longest text between two XML tags: a card with pictures that nobody asked for."""
    xml_depth: Positive = 64
    host_requests_per_second: Positive = 200
    """How many requests one import makes to one host in a second. Twice as many may be sent at once."""
    redirects: Positive = 5
    tries: Positive = 3
    connect_seconds: Seconds = 10.0
    first_byte_seconds: Seconds = 90.0
    """A server may build its cache before the first byte: less than a minute is too short for real servers."""
    idle_seconds: Seconds = 60.0


FIXED = frozenset(
    {
        "data",
        "database_url",
        "host",
        "port",
        "metrics",
        "providers",
        "log_format",
        "body_bytes",
        "import_concurrency",
    }
)
"""Settings that a process reads only at its start."""


def public_origin(settings: Settings) -> str:
    """The origin of the service's own pages; empty where other machines reach it and its name is not set.

    Never taken from a request: whoever sends one would choose where a consent comes back to.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if settings.port and (settings.host in ("localhost", "::1") or settings.host.startswith("127.")):
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return f"http://{host}:{settings.port}"
    return ""


def redirect_uri(settings: Settings) -> str:
    """What operators register at every provider, to the letter; empty where `public_origin` is."""
    origin = public_origin(settings)
    return f"{origin}/auth" if origin else ""


def take_over(current: Settings, fresh: Settings) -> tuple[list[str], list[str]]:
    """Copy the values of `fresh` into `current`, which every part of a process uses.

    The names of the settings that changed, and of those that differ but are FIXED.
    """
    differing = [
        name for name in Settings.__struct_fields__ if getattr(current, name) != getattr(fresh, name)
    ]
    changed = [name for name in differing if name not in FIXED]
    for name in changed:
        setattr(current, name, getattr(fresh, name))
    return changed, [name for name in differing if name in FIXED]


def _typed(name: str, raw: str) -> Any:
    """The text of a variable, converted to the type of its field. Commas separate the items of a list."""
    kind = str(Settings.__annotations__[name])
    if "list" in kind:
        return [part.strip() for part in raw.split(",") if part.strip()]
    return raw


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    warn: Callable[[str], None] = lambda _text: None,
) -> Settings:
    """Settings from the file, then the environment, then `overrides` (the command line; None is absent).

    The file is `CONTACTPORT_CONFIG` unless it is given. `warn` is called for each setting that is given by a name
    that it no longer has. Raises SettingError.
    """
    environment = os.environ if environment is None else environment
    if file is None and environment.get(f"{PREFIX}CONFIG"):
        file = Path(environment[f"{PREFIX}CONFIG"])
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    if file is not None:
        values.update(_read(file))
        places.update(dict.fromkeys(values, f"in the settings file {file}"))
        for old, new in RENAMED.items():
            if old in values:
                values.setdefault(new, values.pop(old))
                places.setdefault(new, f"in the settings file {file}")
                warn(f"the setting {old} in the settings file {file} is now called {new}: rename it")
    for old, new in RENAMED.items():
        raw = environment.get(PREFIX + old.upper())
        if raw:
            values[new] = _typed(new, raw)
            places[new] = f"in the variable {PREFIX}{old.upper()}"
            warn(f"the variable {PREFIX}{old.upper()} is now called {PREFIX}{new.upper()}: rename it")
    for name in Settings.__struct_fields__:
        raw = environment.get(PREFIX + name.upper())
        if raw:
            values[name] = _typed(name, raw)
            places[name] = f"in the variable {PREFIX}{name.upper()}"
    for name, value in (overrides or {}).items():
        if value is not None:
            values[name] = value
            places[name] = f"in the option --{name.replace('_', '-')}"
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingError(_told(str(error), values, places)) from None
    except RecursionError:
        raise SettingError(f"the settings file {file} is nested too deeply to be read") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            data = opened.read(FILE_BYTES + 1)
        if len(data) > FILE_BYTES:
            raise SettingError(f"the settings file {file} is longer than {FILE_BYTES} bytes: name another")
        return tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise SettingError(f"the settings file {file} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"the settings file {file} is not TOML: {error}") from None
    except RecursionError:
        raise SettingError(f"the settings file {file} is nested too deeply to be read") from None


def nearest(name: str) -> str:
    """The setting with the most similar name; empty if no name is similar."""
    return "".join(difflib.get_close_matches(name.lower(), Settings.__struct_fields__, 1, cutoff=0.8))


def _told(problem: str, values: Mapping[str, Any], places: Mapping[str, str]) -> str:
    """msgspec's words with the setting's name, its value where it may be shown, and where it was given."""
    unknown = _UNKNOWN.fullmatch(problem)
    if unknown is not None:
        name = unknown["name"]
        near = nearest(name)
        where = places.get(name, "in the settings")
        hint = f"did you mean {near}?" if near else "docs/operations.md has the table of settings"
        return f"there is no setting {name!r}, which stands {where}: {hint}"
    found = _PLACE.fullmatch(problem)
    if found is None or found["name"] not in Settings.__struct_fields__:
        return f"a setting is not valid: {problem}. docs/operations.md has the table of settings"
    name, told = found["name"], found["told"]
    if "regex" in told:
        told = "expected `json` or `text`"
    given = values.get(name)
    short = isinstance(given, str | int | float) and len(repr(given)) <= 60
    value = f" is {given!r}, and" if short and name not in _SECRET else ""
    where = places.get(name, "by default")
    return (
        f"{name}: the value {where}{value} is not valid: {told[:1].lower()}{told[1:]}. docs/operations.md has the "
        "table of settings"
    )
