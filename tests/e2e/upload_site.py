"""The service and an application, each a site of its own to a browser, for imports from files."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.service_process import RunningService, WireClient, command, service
from tests.e2e.shop import Shop
from tests.servers.server_process import free_port

MOST = 1024 * 1024
"""The largest file that this service takes, in bytes."""


class UploadSite:
    """`url` is the service's own address for browsers; `app` is the application's key pair on the wire."""

    def __init__(self, running: RunningService, url: str, shop: Shop) -> None:
        self.running = running
        self.url = url
        self.shop = shop
        made = command(
            *("domain", "add", "Shop", "--create", "--json", "--origins", shop.url), data=running.data
        )
        assert made.returncode == 0, made.stderr
        pair = json.loads(made.stdout)
        self.app: WireClient = running.client(pair["domain_key"], pair["domain_password"])

    def begin(self, service: str = "csv", *, returns: bool = False, **more: str) -> dict[str, Any]:
        """An import that waits for its user's file. Without `returns` the link is for a window of its own."""
        back = {"redirect_url": self.shop.back} if returns else {}
        status, body = self.app.call("POST", "/begin_import/user_consent", service=service, **back, **more)
        assert status == 200, body
        begun: dict[str, Any] = json.loads(body)
        assert begun["url"].startswith(f"{self.url}/n/")
        return begun

    def last(self, begun: dict[str, Any]) -> tuple[str, str, int]:
        """The last event of the import at this moment."""
        one = self.app.events(int(begun["import_id"]))[-1]
        return one["event_type"], one["status"], one["value"]

    def end(self, begun: dict[str, Any]) -> tuple[str, str, int]:
        """The last event of the import once it has ended."""
        self.app.end(int(begun["import_id"]))
        return self.last(begun)

    def contacts(self, begun: dict[str, Any]) -> list[dict[str, Any]]:
        """What the application gets."""
        assert self.end(begun) == ("COMPLETE", "COMPLETED", 0)
        return self.app.contacts(int(begun["import_id"]))


@contextmanager
def upload_site(folder: Path, host: str = "contacts.localhost", **settings: str) -> Generator[UploadSite]:
    """Both in this folder. To browsers the host is a site of its own; other programs may not find it."""
    port = free_port()
    url = f"http://{host}:{port}"
    config = folder / "settings.toml"
    lines = [f'public_url = "{url}"', f"upload_bytes = {MOST}"]
    lines += [f"{name} = {value}" for name, value in settings.items()]
    config.write_text("\n".join(lines), "utf-8")
    sites: list[UploadSite] = []
    with (
        Shop(lambda import_id: sites[0].app.events(import_id)[-1], f"{url}/auth") as shop,
        service(folder / "data", "--port", str(port), "--config", str(config)) as running,
    ):
        sites.append(UploadSite(running, url, shop))
        yield sites[0]
