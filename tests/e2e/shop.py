"""An application on another site than the service: a page that opens the link, the way back, and its own relay.

Its pages ask the application alone, and the application asks the service: a browser that shows the provider's page
may know nothing of the window that it opened (Cross-Origin-Opener-Policy).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

Relay = Literal["redirect", "form", "server"]
RELAYS: tuple[Relay, ...] = ("redirect", "form", "server")

_LAUNCH = """<!doctype html><title>Shop</title>
<button onclick="window.open('{url}', 'contacts', 'popup,width=500,height=700')">Find my friends</button>
<a href="{url}">Go there</a>
<output>Nothing yet</output>
<script>
const look = async () => {{
  const told = await (await fetch("/told/{import_id}")).text();
  document.querySelector("output").textContent = told;
  if (!told.startsWith("COMPLETE")) setTimeout(look, 100);
}};
look();
</script>"""
_BACK = "<!doctype html><title>Shop</title><h1>Welcome back</h1><output>{query}</output>"
_FORM = """<!doctype html><title>Shop</title><form method="post" action="{auth}">{fields}</form>
<script>document.forms[0].submit();</script>"""


class Shop:
    """A context manager. `last_event` asks for the last event of an import; `auth` is the service's `/auth`."""

    def __init__(self, last_event: Callable[[int], dict[str, Any]], auth: str) -> None:
        self.last_event = last_event
        self.auth = auth
        self.relays: dict[str, Relay] = {}
        """How the answer for an import is passed on, by the import's id."""
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _ShopHandler)
        self._http.daemon_threads = True
        cast(Any, self._http).shop = self
        # Browsers know every name under localhost as this machine, and each of them as a site of its own.
        self.url = f"http://shop.localhost:{self._http.server_address[1]}"
        self.back = f"{self.url}/back?lang=en"
        self.relay = f"{self.url}/relay"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Shop:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def launch(self, begun: dict[str, Any]) -> str:
        """The page with the button that opens the link of this import."""
        return f"{self.url}/launch?{urlencode({'url': begun['url'], 'import_id': begun['import_id']})}"


class _ShopHandler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written: a test's own output is enough."""

    @property
    def _shop(self) -> Shop:
        return cast(Shop, cast(Any, self.server).shop)

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        given = dict(parse_qsl(query))
        if path == "/launch":
            self._page(_LAUNCH.format(**{name: escape(value) for name, value in given.items()}))
        elif path == "/back":
            self._page(_BACK.format(query=escape(query)))
        elif path == "/relay":
            self._relay(given)
        elif path.startswith("/told/"):
            event = self._shop.last_event(int(path.removeprefix("/told/")))
            self._page(f"{event['event_type']} {event['status']} {event['value']}")
        else:
            self.send_error(404)

    def _relay(self, given: dict[str, str]) -> None:
        """As the pages of old: four parameters, and never `iss`."""
        kept = {name: given[name] for name in ("code", "state", "error", "error_code") if name in given}
        way = self._shop.relays[dict(parse_qsl(kept["state"]))["import_id"]]
        there = f"{self._shop.auth}?{urlencode(kept)}"
        if way == "form":
            fields = "".join(
                f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in kept.items()
            )
            self._page(_FORM.format(auth=self._shop.auth, fields=fields))
        elif way == "server":
            self._redirect(self._location(there))
        else:
            self._redirect(there)

    @staticmethod
    def _location(url: str) -> str:
        """Where the service's answer leads, asked for by the application's own server."""
        parts = urlsplit(url)
        connection = HTTPConnection("127.0.0.1", parts.port, timeout=60)
        try:
            headers = {"Host": parts.netloc, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", f"{parts.path}?{parts.query}", "appctx=", headers)
            return dict(connection.getresponse().getheaders())["Location"]
        finally:
            connection.close()

    def _page(self, html: str) -> None:
        body = html.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            # The page that asked was left.
            self.close_connection = True

    def _redirect(self, url: str) -> None:
        self.send_response(302)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()
