"""The service, a server of authorization and an application, each a site of its own to a browser."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service_process import RunningService, WireClient, command, service
from tests.e2e.shop import Shop
from tests.e2e.token_source import TokenPackage
from tests.servers.oidc_provider import SECRET, OidcProvider, clients, oidc_provider
from tests.servers.server_process import free_port

PROVIDER = "willow"
Told = list[tuple[str, str, int]]


class ConsentSite:
    """`url` is the service's own address for browsers; `app` is the application's key pair on the wire.

    `relaying` is another application, whose own page is registered at the provider.
    """

    def __init__(self, running: RunningService, url: str, oidc: OidcProvider, shop: Shop) -> None:
        self.running = running
        self.url = url
        self.oidc = oidc
        self.shop = shop
        self.key, self.password = _domain(running, "shop", "--origins", shop.url)
        self.app = running.client(self.key, self.password)
        self.relaying = running.client(*_domain(running, "old shop", "--origins", shop.url))

    def begin(self, *, returns: bool = True, app: WireClient | None = None) -> dict[str, Any]:
        """An import that waits for its user. Without `returns` the link is for a window of its own."""
        form = {"service": PROVIDER} | ({"redirect_url": self.shop.back} if returns else {})
        status, body = (app or self.app).call("POST", "/begin_import/user_consent", **form)
        assert status == 200, body
        begun: dict[str, Any] = json.loads(body)
        assert begun["url"].startswith(f"{self.url}/n/")
        return begun

    def told(self, begun: dict[str, Any], app: WireClient | None = None) -> Told:
        """The events of the import at this moment."""
        events = (app or self.app).events(int(begun["import_id"]))
        return [(one["event_type"], one["status"], one["value"]) for one in events]

    def end(self, begun: dict[str, Any], app: WireClient | None = None) -> Told:
        """The events of the import once it has ended."""
        (app or self.app).end(int(begun["import_id"]))
        return self.told(begun, app)


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
def consent_site(folder: Path, host: str = "contacts.localhost") -> Generator[ConsentSite]:
    """All three in this folder. To browsers the host is a site of its own; other programs may not find it."""
    port = free_port()
    url = f"http://{host}:{port}"
    package = TokenPackage(folder / "planted")
    config = folder / "settings.toml"
    config.write_text(f'public_url = "{url}"\n', "utf-8")
    sites: list[ConsentSite] = []
    with (
        pytest.MonkeyPatch.context() as patch,
        Shop(lambda import_id: sites[0].app.events(import_id)[-1], f"{url}/auth") as shop,
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
            sites.append(ConsentSite(running, url, oidc, shop))
            _register(data)
            _register(data, "--domain", "old shop", "--redirect-uri", shop.relay)
            yield sites[0]


def _register(data: Path, *options: str) -> None:
    done = command("oauth", "set", "google", "--client-id", "by post", *options, data=data, stdin=SECRET)
    assert done.returncode == 0, done.stderr


def _domain(running: RunningService, name: str, *options: str) -> tuple[str, str]:
    """A new key pair, made by a process of its own: Playwright keeps an event loop running in this one."""
    made = command("domain", "add", name, "--create", "--json", *options, data=running.data)
    assert made.returncode == 0, made.stderr
    pair = json.loads(made.stdout)
    return pair["domain_key"], pair["domain_password"]
