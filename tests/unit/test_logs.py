"""Logs say what happened and where, without private data."""

import gc
import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

from contactport import logs


@pytest.fixture(params=["json", "text"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What `configure` makes of the log, in each of its formats."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers, root.level, logging.raiseExceptions
    out = io.StringIO()
    with redirect_stderr(out):
        logs.configure(request.param)
        yield out
    structlog.reset_defaults()
    root.handlers, root.level, logging.raiseExceptions = handlers, level, raising


def fail() -> RuntimeError:
    """An error whose words, and whose cause's, must not be told."""
    try:
        try:
            raise ValueError("canary in the cause")
        except ValueError as cause:
            raise RuntimeError("canary in the error") from cause
    except RuntimeError as error:
        return error


def test_an_exception_is_told_by_its_type_and_places(written: io.StringIO) -> None:
    structlog.get_logger().error("it_broke", exc_info=fail())
    assert "it_broke" in written.getvalue()
    assert "RuntimeError" in written.getvalue()
    assert "ValueError" in written.getvalue()
    assert "test_logs.py" in written.getvalue()
    assert "canary" not in written.getvalue()


def test_fields_that_are_secret_are_hidden_whoever_logs_them(written: io.StringIO) -> None:
    structlog.get_logger().info("request", password="canary", username="canary", status=200)
    assert "200" in written.getvalue()
    assert "canary" not in written.getvalue()


@pytest.mark.parametrize(
    "library", ["asyncio", "dbos", "aiohttp.client", "sqlalchemy.engine", "uvicorn.error"]
)
def test_a_librarys_exception_is_told_without_its_words(written: io.StringIO, library: str) -> None:
    logging.getLogger(library).error("it failed", exc_info=fail())
    assert "RuntimeError" in written.getvalue()
    assert "canary" not in written.getvalue()


@pytest.mark.parametrize("library", ["asyncio", "dbos", "aiohttp.client", "sqlalchemy.engine"])
def test_words_that_a_library_has_made_of_an_exception_are_not_repeated(
    written: io.StringIO, library: str
) -> None:
    logging.getLogger(library).error(f"it failed: {fail()!r}")
    assert library in written.getvalue()
    assert "test_logs.py" in written.getvalue()
    assert "canary" not in written.getvalue()


def test_an_exception_of_a_finaliser_is_told_without_its_words(written: io.StringIO) -> None:
    class Told:
        def __del__(self) -> None:
            raise fail()

    Told()
    gc.collect()
    assert "broke_unheard" in written.getvalue()
    assert "RuntimeError" in written.getvalue()
    assert "canary" not in written.getvalue()


def test_an_exception_that_ends_a_thread_is_told_without_its_words(written: io.StringIO) -> None:
    def end() -> None:
        raise fail()

    thread = threading.Thread(target=end)
    thread.start()
    thread.join()
    assert "thread_broke" in written.getvalue()
    assert "RuntimeError" in written.getvalue()
    assert "canary" not in written.getvalue()


@pytest.mark.parametrize(
    "library", ["asyncio", "dbos", "aiohttp.client", "sqlalchemy.engine", "uvicorn.access"]
)
def test_libraries_are_quiet_below_warnings(written: io.StringIO, library: str) -> None:
    logging.getLogger(library).info("SELECT canary")
    assert written.getvalue() == ""


def test_a_line_of_json_is_one_object(written: io.StringIO) -> None:
    structlog.get_logger().info("one", number=1)
    lines = written.getvalue().splitlines()
    assert len(lines) == 1
    if lines[0].startswith("{"):
        told = json.loads(lines[0])
        assert (told["event"], told["number"], told["level"]) == ("one", 1, "info")


def test_an_output_that_is_closed_costs_no_words(
    written: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    written.close()
    structlog.get_logger().error("it_broke", exc_info=fail())
    assert "canary" not in capfd.readouterr().err


def test_a_library_that_says_the_same_again_and_again_is_told_once(written: io.StringIO) -> None:
    for _ in range(50):
        logging.getLogger("dbos").warning("the database is away")
    logging.getLogger("dbos").warning("something else")
    for _ in range(3):
        structlog.get_logger().warning("our_own")
    assert written.getvalue().count("library_message") == 2
    assert written.getvalue().count("our_own") == 3
