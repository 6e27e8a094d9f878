"""The service, a server of authorization and an application, each a site of its own to a browser."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.shop import Shop
from tests.e2e.service_process import RunningService, WireClient, command, service
from tests.e2e.token_source import TokenPackage
from tests.servers.oidc_provider import SECRET, OidcProvider, clients, oidc_provider
from tests.servers.server_process import free_port

PROVIDER = "willow"
Told = list[tuple[str, str, int]]


class ConsentSite:
    """`url` is the service's own address for browsers; `app` is the application's key pair on the wire."""

    def __init__(
        self, running: RunningService, url: str, oidc: OidcProvider, shop: Shop, app: WireClient
    ) -> None:
        self.running = running
        self.url = url
        self.oidc = oidc
        self.shop = shop
        self.app = app

    def begin(self, *, returns: bool = True, app: WireClient | None = None) -> dict[str, Any]:
        """An import that waits for its user. Without `returns` the link is for a window of its own."""
        form = {"service": PROVIDER} | ({"redirect_url": self.shop.back} if returns else {})
        status, body = (app or self.app).call("POST", "/begin_import/user_consent", **form)
        assert status == 200, body
        begun: dict[str, Any] = json.loads(body)
        assert begun["url"].startswith(f"{self.url}/n/")
        return begun

    def told(self, begun: dict[str, Any]) -> Told:
        """The events of the import at this moment."""
        events = self.app.events(int(begun["import_id"]))
        return [(one["event_type"], one["status"], one["value"]) for one in events]

    def end(self, begun: dict[str, Any]) -> Told:
        """The events of the import once it has ended."""
        self.app.end(int(begun["import_id"]))
        return self.told(begun)


PENDING: Told = [("INITIALIZING", "INPROGRESS", 0)]
COMPLETE: Told = [
    ("INITIALIZING", "COMPLETED", 0),
    ("GATHERING", "COMPLETED", 1),
    ("COMPLETE", "COMPLETED", 0),
]


def failed(code: int) -> Told:
    """The events of an import that ended before its user was done."""
    return [("INITIALIZING", "ERROR", 0), ("COMPLETE", "ERROR", code)]


@contextmanager
def consent_site(folder: Path) -> Generator[ConsentSite]:
    """All three in this folder."""
    port = free_port()
    url = f"http://contacts.localhost:{port}"
    package = TokenPackage(folder / "planted")
    config = folder / "settings.toml"
    config.write_text(f'public_url = "{url}"\n', "utf-8")
    apps: list[WireClient] = []
    with (
        pytest.MonkeyPatch.context() as patch,
        Shop(lambda import_id: apps[0].events(import_id)[-1], f"{url}/auth") as shop,
        oidc_provider(clients=clients(f"{url}/auth", shop.relay)) as oidc,
    ):
        package.add(
            PROVIDER,
            authorize=oidc.authorize,
            token=oidc.token,
            revocation=oidc.revocation,
            scope="contacts.read",
            issuer=oidc.url,
        )
        patch.setenv("PYTHONPATH", str(package.folder))
        data = folder / "data"
        with service(data, "--port", str(port), "--config", str(config)) as running:
            apps.append(_application(running, "shop", "--origins", shop.url))
            done = command("oauth", "set", "google", "--client-id", "by post", data=data, stdin=SECRET)
            assert done.returncode == 0, done.stderr
            yield ConsentSite(running, url, oidc, shop, apps[0])


def _application(running: RunningService, name: str, *options: str) -> WireClient:
    """A new domain, by a process of its own: Playwright keeps an event loop running in this one."""
    made = command("domain", "add", name, "--create", "--json", *options, data=running.data)
    assert made.returncode == 0, made.stderr
    pair = json.loads(made.stdout)
    return running.client(pair["domain_key"], pair["domain_password"])
