"""A kind of failure becomes a code and a text by the import's way."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import get_args

import pytest

from contactport.errors import ROWS, Code
from contactport.imports.to_error import Way, to_error
from contactport.net import failures as net
from contactport.sources import failures as sources
from contactport.sources.providers import SecretPrompt
from tests.import_fails import PROVIDER
from tests.servers.source_run import PROVIDERS

WAYS: tuple[Way, ...] = get_args(Way)


def everything() -> Iterator[sources.Failure]:
    """A failure of every kind there is, and of every limit."""
    facts: dict[type, tuple[object, ...]] = {
        net.Unreadable: ("it is {odd}",),
        sources.ServerInvalid: ("it is empty",),
        sources.WrongPassword: (PROVIDER,),
        sources.SetUpIncomplete: ("the API is not enabled",),
        sources.NotServed: (PROVIDERS.find("outlookcom"),),
        sources.RetryLater: (sources.Unavailable(60),),
    }
    for module, root in ((net, net.NetworkFailure), (sources, sources.SourceFailure)):
        for kind in vars(module).values():
            if not (inspect.isclass(kind) and issubclass(kind, root)) or kind in (root, net.TooLarge):
                continue
            yield kind(*facts.get(kind, ()))
    for limit in get_args(net.Limit):
        yield net.TooLarge(limit, 5 << 20)


@pytest.mark.parametrize("failure", list(everything()), ids=repr)
@pytest.mark.parametrize("way", WAYS)
def test_every_kind_has_a_text_of_whole_sentences_for_every_way(failure: sources.Failure, way: Way) -> None:
    told = to_error(failure, way)
    assert told.text[-1] in ".", told.text
    assert told.text[0].isupper() or told.text[0] == "`"
    assert ": ." not in told.text
    assert told.code not in (Code.UNEXPECTED, Code.UNEXPECTED_CONSENT) or isinstance(
        failure, net.ProxyUnavailable | net.TooLarge
    )


@pytest.mark.parametrize("failure", list(everything()), ids=repr)
def test_one_who_gave_no_password_is_told_of_none(failure: sources.Failure) -> None:
    if not isinstance(failure, sources.NotServed):
        assert "password" not in to_error(failure, "consent").text


@pytest.mark.parametrize(
    ("failure", "codes"),
    [
        (sources.Unavailable(), (264, 518, 264)),
        (net.Unreachable(), (257, 518, 257)),
        (net.TimedOut(), (258, 518, 258)),
        (sources.NoProgress(), (258, 518, 258)),
        (sources.SetUpIncomplete("the API is not enabled"), (257, 518, 257)),
        (sources.MailboxNotServed(), (257, 518, 257)),
        (net.Unreadable("it is not HTTP"), (257, 518, 1026)),
        (net.TooLarge("members", 5), (257, 512, 1026)),
        (sources.AccessDenied(), (257, 514, 257)),
        (sources.ConsentWithdrawn(), (514, 514, 514)),
        (sources.AccountBlocked(), (266, 266, 266)),
        (RuntimeError("of this service"), (256, 512, 256)),
    ],
    ids=repr,
)
def test_the_way_decides_the_code(failure: Exception, codes: tuple[int, int, int]) -> None:
    assert tuple(int(to_error(failure, way).code) for way in WAYS) == codes


def test_facts_stand_in_the_text_as_they_are() -> None:
    assert "it is {odd}" in to_error(net.Unreadable("it is {odd}"), "password").text
    assert "larger than 5 MiB" in to_error(net.TooLarge("import_bytes", 5 << 20), "password").text
    assert "more than 7 contacts" in to_error(net.TooLarge("contacts", 7), "password").text


def test_what_broke_in_this_service_is_told_without_its_words() -> None:
    told = to_error(RuntimeError("canary"), "password")
    assert told.text == ROWS[Code.UNEXPECTED].text
    assert not told.provider_failed


def test_a_wrong_password_comes_with_the_help_of_the_row() -> None:
    row = PROVIDERS.find("icloud")
    assert row is not None
    told = to_error(sources.WrongPassword(row), "password")
    assert isinstance(row.secret, SecretPrompt)
    assert row.secret.help in told.text
    assert told.text.endswith(row.secret.url)


def test_a_rest_after_a_whole_book_is_the_rest_that_was_asked_for() -> None:
    told = to_error(sources.RetryLater(sources.RateLimited(60)), "password")
    assert (told.code, told.retry_after, told.partial) == (Code.UNAVAILABLE, 60, True)
    assert not told.provider_failed
