"""Failures that a source or the network raises, as an application reads them."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from contactport.imports.to_error import ImportFailure, Way, to_error
from contactport.net.failures import Unreachable
from contactport.sources.failures import FAILURES, Failure
from contactport.sources.providers import Provider

PROVIDER = Provider(code="somebody", name="Somebody")
"""A row, for failures that hold one."""
UNREACHABLE = to_error(Unreachable(), "password").text


class Caught:
    """What was raised in the block, as the exception and as the application reads it."""

    kind: Failure
    value: ImportFailure


@contextmanager
def import_fails(match: str = "", *, way: Way = "password") -> Generator[Caught]:
    """Expects a failure, and in its text what `match` says."""
    caught = Caught()
    with pytest.raises(FAILURES) as raised:
        yield caught
    caught.kind = raised.value
    caught.value = to_error(raised.value, way)
    assert re.search(match, caught.value.text), caught.value.text
