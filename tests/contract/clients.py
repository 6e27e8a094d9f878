"""The requests of the public clients: one class for each language, with its own way to use HTTP.

What a class reads it reads as strictly as its language does: enumerations without a stranger, integers of 32 bits,
elements that must be there.
"""

from __future__ import annotations

import json
import re
from typing import Any, Protocol
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import msgspec

from tests.contract.expected_keys import INT32, STATUSES, TYPES
from tests.contract.live_service import Pair
from tests.contract.raw import RawConnection, RawResponse, ask, form, multipart


class PollResult(msgspec.Struct):
    """What a client makes of an answer to its poll."""

    ended: bool
    failed: bool
    value: int


class PollingClient(Protocol):
    """The second and the third step. `fetch` gives the first names and the total."""

    def __init__(self, port: int, pair: Pair) -> None: ...

    def poll(self, import_id: int) -> PollResult: ...

    def fetch(self, import_id: int) -> tuple[list[str], int]: ...


class LibraryClient(PollingClient, Protocol):
    """The first step by the user's name and password."""

    def begin(self, account: dict[str, str]) -> int: ...


class ConsentClient(PollingClient, Protocol):
    """The first step by the user's consent: the id, and the link to open in a browser."""

    def consent(self, service: str) -> tuple[int, str]: ...


def exactly_200(answer: RawResponse) -> RawResponse:
    """Two clients take 201, 202 and every redirect for an error."""
    assert answer.status == 200, answer.body
    return answer


def int32(value: object) -> int:
    assert isinstance(value, int)
    assert value in INT32
    return value


def _link(body: Any) -> tuple[int, str]:
    assert body["status"] == "success"
    return int32(body["import_id"]), str(body["url"])


def _told(events: list[Any]) -> PollResult:
    """By the last event, its words checked as an enumeration's."""
    for event in events:
        assert event["event_type"] in TYPES
        assert event["status"] in STATUSES
    last = events[-1]
    return PollResult(last["event_type"] == "COMPLETE", last["status"] == "ERROR", last["value"])


def _book(body: Any) -> tuple[list[str], int]:
    return [contact["first_name"] for contact in body["contacts"]], body["total"]


class Java:
    """Arguments in the query of an empty POST; Basic only after the challenge, and so on every poll."""

    def __init__(self, port: int, pair: Pair) -> None:
        self._port = port
        self._pair = pair
        self.challenges = 0

    def _dance(self, method: str, target: str) -> RawResponse:
        headers = [
            *(["Content-Length: 0"] if method == "POST" else []),
            f"Host: 127.0.0.1:{self._port}",
            "Connection: Keep-Alive",
            "User-Agent: Apache-HttpClient/4.5.13 (Java/1.8.0_312)",
            "Accept-Encoding: gzip,deflate",
        ]
        with RawConnection(self._port) as connection:
            first = connection.ask(method, target, headers)
            assert first.status == 401
            challenge = first.header("WWW-Authenticate") or ""
            assert re.fullmatch(r'Basic realm="[^"]+"', challenge)
            self.challenges += 1
            # On the same connection: the first answer must not have closed it, nor left anything behind.
            return exactly_200(connection.ask(method, target, [*headers, self._pair.basic]))

    def begin(self, account: dict[str, str]) -> int:
        answer = self._dance("POST", f"/begin_import/import?{urlencode(account)}")
        return int32(answer.json()["import_id"])

    def consent(self, service: str) -> tuple[int, str]:
        query = urlencode({"service": service, "user_id": "42"})
        document = self._dance("POST", f"/begin_import/user_consent.xml?{query}").xml()
        number, url = document.findtext("import-id"), document.findtext("url")
        assert number
        assert url
        return int(number), url

    def poll(self, import_id: int) -> PollResult:
        return _told(self._dance("GET", f"/events/{import_id}").json()["events"])

    def fetch(self, import_id: int) -> tuple[list[str], int]:
        return _book(self._dance("GET", f"/contacts/{import_id}").json())


class Ruby:
    """A urlencoded body and the key pair as arguments; the format in the middle of the path."""

    HEADERS = (
        "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        "Accept: */*",
        "User-Agent: Ruby",
    )

    def __init__(self, port: int, pair: Pair) -> None:
        self._port = port
        self._pair = pair

    def _get(self, path: str) -> Any:
        target = f"{path}?{urlencode(self._pair.arguments)}"
        return exactly_200(ask(self._port, "GET", target, *self.HEADERS)).json()

    def _post(self, path: str, fields: dict[str, str]) -> Any:
        headers = (*self.HEADERS, "Content-Type: application/x-www-form-urlencoded")
        body = form(self._pair.arguments | fields)
        return exactly_200(ask(self._port, "POST", path, *headers, body=body)).json()

    def begin(self, account: dict[str, str]) -> int:
        answer = self._post("/begin_import/import.json", account)
        assert answer["status"] == "success"
        return int32(answer["import_id"])

    def consent(self, service: str) -> tuple[int, str]:
        return _link(self._post("/begin_import/user_consent.json", {"service": service, "user_id": ""}))

    def poll(self, import_id: int) -> PollResult:
        return _told(self._get(f"/events.json/{import_id}")["events"])

    def fetch(self, import_id: int) -> tuple[list[str], int]:
        return _book(self._get(f"/contacts.json/{import_id}"))


class Php:
    """A multipart body, which waits for `100 Continue`; Basic at once on the polls."""

    def __init__(self, port: int, pair: Pair) -> None:
        self._port = port
        self._pair = pair

    def _post(self, path: str, fields: dict[str, str]) -> RawResponse:
        boundary = "------------------------d74496d66958873e"
        body = multipart(boundary, fields)
        with RawConnection(self._port) as connection:
            lines = [
                f"POST {path} HTTP/1.1",
                f"Host: 127.0.0.1:{self._port}",
                "Accept: */*",
                f"Content-Length: {len(body)}",
                f"Content-Type: multipart/form-data; boundary={boundary}",
                "Expect: 100-continue",
            ]
            connection.send("\r\n".join([*lines, "", ""]).encode())
            assert connection.interim().startswith(b"HTTP/1.1 100 ")
            connection.send(body)
            return connection.answer("POST")

    def begin(self, account: dict[str, str]) -> int:
        fields = self._pair.arguments | account | {"user_id": "", "echo": ""}
        answer = exactly_200(self._post("/begin_import/import", fields)).json()
        assert answer["user_id"] is None
        return int32(answer["id"])

    def consent(self, service: str) -> tuple[int, str]:
        fields = {"service": service, "tracking_string": "", "redirect_url": ""} | self._pair.arguments
        answer = exactly_200(self._post("/begin_import/user_consent/", fields)).json()
        assert "error" not in answer
        return _link(answer)

    def relay(self, query: str) -> str:
        """Its page passes the provider's answer on, and finds the way further by a pattern over the headers."""
        answer = self._post(f"/auth?{query}", {"appctx": ""})
        found = re.search(r"Location: (.*)$", "\n".join(map(": ".join, answer.headers)), re.MULTILINE)
        assert found is not None, answer
        return found[1]

    def _get(self, path: str) -> Any:
        answer = exactly_200(ask(self._port, "GET", path, self._pair.basic, "Accept: */*"))
        body = answer.json()
        assert "error" not in body, "its mere presence is an error to this client"
        return body

    def poll(self, import_id: int) -> PollResult:
        return _told(self._get(f"/events/{import_id}.json")["events"])

    def fetch(self, import_id: int) -> tuple[list[str], int]:
        return _book(self._get(f"/contacts/{import_id}.json"))


class DotNet:
    """XML throughout, and a password import at the consent's path, by mistake."""

    def __init__(self, port: int, pair: Pair) -> None:
        self._port = port
        self._pair = pair

    def begin(self, account: dict[str, str]) -> int:
        headers = ("Content-Type: application/x-www-form-urlencoded", "Expect: 100-continue")
        body = form(self._pair.arguments | account)
        target = "/begin_import/user_consent.xml/"
        root = exactly_200(ask(self._port, "POST", target, *headers, body=body)).xml()
        assert root.tag == "result"
        assert self._text(root, "status") == "success"
        return self._integer(root, "import-id")

    def consent(self, service: str) -> tuple[int, str]:
        target = f"/begin_import/user_consent.xml?service={service}&user_id=&echo="
        root = exactly_200(ask(self._port, "GET", target, self._pair.basic)).xml()
        assert root.tag == "result"
        return self._integer(root, "import-id"), self._text(root, "url")

    @staticmethod
    def _child(parent: ElementTree.Element, name: str) -> ElementTree.Element:
        """An element that must be there, as `.Element("name").Value` wants it."""
        (found,) = parent.findall(name)
        assert found.get("nil") in (None, "true")
        return found

    def _text(self, parent: ElementTree.Element, name: str) -> str:
        return self._child(parent, name).text or ""

    def _integer(self, parent: ElementTree.Element, name: str) -> int:
        assert self._child(parent, name).get("type") == "integer"
        number = int(self._text(parent, name))
        assert 0 <= number < 2**31
        return number

    def _get(self, path: str, root: str) -> ElementTree.Element:
        answer = exactly_200(ask(self._port, "GET", path, self._pair.basic))
        assert answer.header("content-type") == "application/xml; charset=utf-8"
        assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
        document = answer.xml()
        assert document.tag == root
        for name in ("import-id", "user-id", "echo"):
            self._child(document, name)
        return document

    def poll(self, import_id: int) -> PollResult:
        document = self._get(f"/events.xml/{import_id}", "eventsResponse")
        events: list[dict[str, object]] = []
        for event in self._child(document, "events"):
            assert event.tag == "event"
            self._child(event, "description")
            assert self._child(event, "created-at").get("type") == "datetime"
            told = {"event_type": self._text(event, "event-type"), "status": self._text(event, "status")}
            events.append({**told, "value": self._integer(event, "value")})
        return _told(events)

    def fetch(self, import_id: int) -> tuple[list[str], int]:
        document = self._get(f"/contacts.xml/{import_id}", "contactsResponse")
        self._child(document, "contacts-owner")
        names = [self._text(contact, "first-name") for contact in self._child(document, "contacts")]
        return names, self._integer(document, "total")


class Python:
    """GET for everything, and a slash at the end of the first path."""

    HEADERS = (
        "User-Agent: python-requests/2.32.3",
        "Accept-Encoding: gzip, deflate",
        "Accept: */*",
        "Connection: keep-alive",
    )

    def __init__(self, port: int, pair: Pair) -> None:
        self._port = port
        self._pair = pair

    def _get(self, target: str) -> Any:
        return exactly_200(ask(self._port, "GET", target, *self.HEADERS, self._pair.basic)).json()

    def begin(self, account: dict[str, str]) -> int:
        return int32(self._get(f"/begin_import/import/?{urlencode(account, quote_via=quote)}")["import_id"])

    def consent(self, service: str) -> tuple[int, str]:
        target = f"/begin_import/user_consent.json?{urlencode(self._pair.arguments | {'service': service})}"
        return _link(exactly_200(ask(self._port, "GET", target, *self.HEADERS)).json())

    def poll(self, import_id: int) -> PollResult:
        return _told(self._get(f"/events/{import_id}")["events"])

    def fetch(self, import_id: int) -> tuple[list[str], int]:
        return _book(self._get(f"/contacts/{import_id}"))


class Node:
    """An empty POST with the key pair in its query, which every poll repeats with the service."""

    HEADERS = ("Connection: close",)

    def __init__(self, port: int, pair: Pair) -> None:
        self._port = port
        self._pair = pair
        self._query = ""

    def consent(self, service: str) -> tuple[int, str]:
        self._query = urlencode(self._pair.arguments | {"service": service})
        target = f"/begin_import/user_consent?{self._query}"
        return _link(exactly_200(ask(self._port, "POST", target, *self.HEADERS)).json())

    def _get(self, path: str) -> Any:
        return exactly_200(ask(self._port, "GET", f"{path}?{self._query}", *self.HEADERS)).json()

    def poll(self, import_id: int) -> PollResult:
        return _told(self._get(f"/events/{import_id}")["events"])

    def fetch(self, import_id: int) -> tuple[list[str], int]:
        return _book(self._get(f"/contacts/{import_id}"))


class Jsonp:
    """A script of another site's page: no headers of its own, everything in the query."""

    HEADERS = (
        "Accept: */*",
        "Referer: https://shop.example/",
        "Sec-Fetch-Dest: script",
        "Sec-Fetch-Mode: no-cors",
        "Sec-Fetch-Site: cross-site",
    )

    def __init__(self, port: int, pair: Pair) -> None:
        self._port = port
        self._pair = pair
        self._count = 0

    def _call(self, path: str, **more: str) -> Any:
        self._count += 1
        name = f"jQuery19100._{self._count}"
        query = urlencode({"callback": name, **self._pair.arguments, **more, "_": "1460499740000"})
        answer = exactly_200(ask(self._port, "GET", f"{path}?{query}", *self.HEADERS))
        assert (answer.header("content-type") or "").startswith("text/javascript")
        text = answer.body.decode()
        assert text.startswith(f"{name}(")
        assert text.endswith(")")
        assert "<" not in text
        return json.loads(text[len(name) + 1 : -1])

    def begin(self, account: dict[str, str]) -> int:
        return int32(self._call("/begin_import/import", **account)["import_id"])

    def poll(self, import_id: int) -> PollResult:
        return _told(self._call(f"/events/{import_id}")["events"])

    def fetch(self, import_id: int) -> tuple[list[str], int]:
        return _book(self._call(f"/contacts/{import_id}"))


CLIENTS: tuple[type[LibraryClient], ...] = (Java, Ruby, Php, DotNet, Python, Jsonp)
CONSENT_CLIENTS: tuple[type[ConsentClient], ...] = (Java, Ruby, Php, DotNet, Python, Node)
