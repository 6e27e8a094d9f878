"""Every setting, in one struct: from `CONTACTPORT_*` variables, and an optional TOML file below them.

The table in `docs/operations.md` is checked against this struct by a test.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Positive = Annotated[int, Meta(gt=0)]
Seconds = Annotated[float, Meta(gt=0)]
PREFIX = "CONTACTPORT_"


class SettingError(ValueError):
    """A setting that can't be read; its text names the setting and where it was given."""


class Settings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One field is one setting. Sizes are bytes, times are seconds."""

    data: str = "contactport-data"
    """The folder of the database and the key ring."""
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8321
    """0 takes a free port; the line that `serve` prints names it."""
    log_format: Annotated[str, Meta(pattern="^(json|text)$")] = "json"
    allow_network: list[str] = []
    """Networks that imports may reach though they are private: `CIDR` or `CIDR:port`."""
    ca_file: str = ""
    """More certificate authorities to trust, in PEM, beside the system's."""
    resolver: str = ""
    """A name server to ask instead of the system's: `IP` or `IP:port`."""

    retention: Positive = 900
    """How long contacts stay after an import's end; a domain's own `--retention` wins."""
    body_bytes: Positive = 64 * 1024
    echo_characters: Positive = 2000
    begins_per_minute: Positive = 300
    imports_in_flight: Positive = 200
    polls_per_second: Positive = 100
    workers: Positive = 8
    """How many imports one process runs at once."""

    import_bytes: Positive = 512 * 1024 * 1024
    import_members: Positive = 100_000
    import_seconds: Seconds = 1800.0
    response_bytes: Positive = 512 * 1024 * 1024
    response_ratio: Positive = 200
    """How many decoded bytes one compressed byte may become."""
    card_bytes: Positive = 2 * 1024 * 1024
    text_bytes: Positive = 4 * 1024 * 1024
    """The longest text between two XML tags."""
    xml_depth: Positive = 64
    redirects: Positive = 5
    tries: Positive = 3
    connect_seconds: Seconds = 10.0
    first_byte_seconds: Seconds = 90.0
    """A cold server builds its cache before the first byte: less than a minute fails real ones."""
    idle_seconds: Seconds = 60.0


def _typed(name: str, raw: str) -> Any:
    """A variable's text as its field's kind: lists are separated by commas."""
    kind = str(Settings.__annotations__[name])
    if "list" in kind:
        return [part.strip() for part in raw.split(",") if part.strip()]
    return raw


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings from the file, then the environment, then `overrides` (the command line; None is absent).

    The file is `CONTACTPORT_CONFIG` unless it is given. Raises SettingError.
    """
    environment = os.environ if environment is None else environment
    if file is None and environment.get(f"{PREFIX}CONFIG"):
        file = Path(environment[f"{PREFIX}CONFIG"])
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values.update(tomllib.loads(file.read_text("utf-8")))
        except OSError as error:
            raise SettingError(f"the settings file {file} can't be read: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingError(f"the settings file {file} is not TOML: {error}") from None
    for name in Settings.__struct_fields__:
        raw = environment.get(PREFIX + name.upper())
        if raw:
            values[name] = _typed(name, raw)
    values.update({name: value for name, value in (overrides or {}).items() if value is not None})
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingError(
            f"a setting is not valid: {error}. See docs/operations.md, and the variables {PREFIX}*."
        ) from None
