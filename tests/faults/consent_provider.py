"""A provider of consents and contacts on loopback, whose answers can be held: so a kill strikes where it is to."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

from samples.hosted_book import people
from tests.faults.matrix.hosted_book import HostedBook, TokenEndpoint
from tests.faults.matrix.paged_book import PagedAnswer, PagedRequest
from tests.servers.people import READONLY, PeopleApi

COUNT = 60
FIRST_PAGE = 25
CLIENT = "willow"
"""The word of the OAuth client that all of them share."""
ROW = """
[[provider]]
code = "{code}"
name = "Willow"
[provider.consent]
protocol = "google"
client = "willow"
authorization_endpoint = "{url}/authorize"
token_endpoint = "{url}/token"
revocation_endpoint = "{url}/revoke"
scopes = ["contacts.read"]
[provider.google]
url = "{url}"
"""


class HeldProvider:
    """A context manager. `hold` is the step whose first request waits for `release`; `held` is set once it waits.

    Steps: "token", "refresh", "page 1", "page 2", "revoke". With `lasting` the first token is good for so many pages.
    """

    def __init__(self, hold: str = "", *, lasting: int | None = None) -> None:
        self.tokens = TokenEndpoint()
        self.hold = hold
        self.held = threading.Event()
        self.release = threading.Event()
        self._api = PeopleApi(people(COUNT), first_page=FIRST_PAGE)
        self._book = HostedBook(self._api, (READONLY,), self.tokens, lambda _: None, lasting)
        self._pages = 0
        self._lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._serve()

            def do_POST(self) -> None:
                self._serve()

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = PagedRequest(self.command, self.path, headers, self.rfile.read(length))
                answer = provider.answer(request)
                try:
                    self.send_response(answer.status)
                    for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer.body)
                except OSError:
                    # Whoever asked was killed.
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._book.url = self.url
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> HeldProvider:
        self._api.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._api.stop()

    def row(self, code: str) -> str:
        """As it stands in a file of providers."""
        return ROW.format(url=self.url, code=code)

    def answer(self, request: PagedRequest) -> PagedAnswer:
        """As a sound provider does; the one that is to be held is worked out first, and then held back."""
        path = urlsplit(request.target).path
        with self._lock:
            if path == "/revoke":
                step, found = "revoke", self.tokens.answer(request)
            elif path == "/token":
                step = "refresh" if self.tokens.is_at("refresh", request, 0) else "token"
                found = self.tokens.answer(request)
            else:
                found = self._book.answer(request)
                step = (
                    f"page {2 if 'pageToken' in request.target else 1}" if self._book.is_page(request) else ""
                )
        if step and step == self.hold and not self.held.is_set():
            self.held.set()
            self.release.wait()
        return found
