"""kill -9 at each step of an import by consent: it goes on or ends with a code, and no code is sent twice.

Nothing that the user, the provider or the operator has given in secret is readable afterwards, in any file or table.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pytest

from tests.e2e.canaries import search
from tests.faults.cluster import Application, Cluster, Member
from tests.faults.consent_provider import CLIENT, COUNT, HeldProvider
from tests.faults.database_rows import DatabaseRows
from tests.faults.matrix.hosted_book import CODE
from tests.postgres import Postgres

ORIGIN = "http://127.0.0.1:9"
"""What the service calls itself. The tests ask the process that is there at the moment."""
SECRET = "willow-secret/canary+41"
CONFIG = f"""
[oauth.{CLIENT}]
client_id = "id"
client_secret = "{SECRET}"
redirect_uri = "{ORIGIN}/relay"
switches = ["offline", "revoke"]
"""
STEPS = (
    "after the begin",
    "after the link was opened",
    "after the answer came",
    "token",
    "page 1",
    "page 2",
    "refresh",
    "after the refresh",
    "revoke",
    "after the end",
)


class KilledConsent:
    """One import with its user's browser, in a cluster whose processes die."""

    def __init__(
        self, cluster: Cluster, application: Application, provider: HeldProvider, service: str
    ) -> None:
        self.cluster = cluster
        self.provider = provider
        self.application = application
        begun = json.loads(application.call("POST", "/begin_import/user_consent", service=service))
        self.import_id = int(begun["import_id"])
        self.link = urlsplit(str(begun["url"])).path
        self.cookie = ""
        self.secrets: list[str] = [SECRET, CODE, self.link.rpartition("/")[2]]
        """What must be readable nowhere, as far as the browser and the operator know it."""

    def kill(self, members: Sequence[Member]) -> None:
        for member in members:
            member.kill()
        self.provider.release.set()
        for member in members:
            member.start()
            member.wait_ready()

    def open(self, path: str) -> str:
        """Where the browser is sent, "" for a page."""
        connection = HTTPConnection(urlsplit(self.cluster.apis[0].url).netloc, timeout=120)
        try:
            connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
            answer = connection.getresponse()
            answer.read()
            given = answer.getheader("Set-Cookie")
            if given:
                self.cookie = given.partition(";")[0]
            return answer.getheader("Location") or ""
        finally:
            connection.close()

    def to_provider(self) -> str:
        """Opens the link; the path by which the provider sends the browser back."""
        query = parse_qs(urlsplit(self.open(self.link)).query)
        assert query["redirect_uri"] == [f"{ORIGIN}/relay"]
        self.secrets.append(query["state"][0])
        self.provider.tokens.challenge = query["code_challenge"][0]
        return f"/auth?{urlencode({'code': CODE, 'state': query['state'][0]})}"

    def take_up(self) -> threading.Thread:
        """The browser follows to the link once more, where the code is exchanged: by a thread, as it may be held."""

        def follow() -> None:
            try:
                self.open(self.link)
            except (OSError, HTTPException):
                return

        thread = threading.Thread(target=follow)
        thread.start()
        return thread

    def set_times(self, sql: str) -> None:
        """Let time pass, without waiting for it."""
        if self.cluster.database_url:
            with psycopg.connect(self.cluster.database_url) as server:
                server.execute(sql.encode())
            return
        file = self.cluster.data / "contactport.db"
        with closing(sqlite3.connect(file, timeout=60)) as connection, connection:
            connection.execute(sql)

    def check_whole(self) -> None:
        """Complete, with everybody once."""
        assert self.application.end(self.import_id)["value"] == 0
        uids = json.loads(self.application.call("GET", f"/contacts/{self.import_id}"))["contacts"]
        ledger = self.application.ledger(self.import_id)
        assert (ledger["found"], ledger["delivered"], ledger["rejected"], len(uids)) == (
            COUNT,
            COUNT,
            0,
            COUNT,
        )


@pytest.mark.parametrize("mode", ["embedded", "distributed"])
def test_a_kill_at_each_step(mode: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(Postgres()).create() if mode == "distributed" else ""
        cluster, application, providers = cluster_of(stack, tmp_path, url, STEPS)
        for step, (service, provider) in zip(STEPS, providers.items(), strict=True):
            one = KilledConsent(cluster, application, provider, service)
            _walk(one, step)
            words = [*one.secrets, one.cookie.partition("=")[2], *provider.tokens.secrets]
            found = search(words, [cluster.folder], url)
            assert found.hits == [], step
            assert len(words) >= 7
            assert provider.tokens.codes == [CODE], step
            again = len(provider.tokens.refreshes) - len(set(provider.tokens.refreshes))
            assert again == (step == "refresh"), step
            assert DatabaseRows(url, cluster.data).count("secret") == 0, step
        print(f"{mode}: {len(STEPS)} of {len(STEPS)} kills")


def cluster_of(
    stack: ExitStack, folder: Path, url: str, steps: Sequence[str]
) -> tuple[Cluster, Application, dict[str, HeldProvider]]:
    """The service, an application, and a provider for each step, by its service code."""
    providers = {f"willow{number}": _provider(stack, step) for number, step in enumerate(steps)}
    rows, config = folder / "providers.toml", folder / "settings.toml"
    rows.write_text("".join(one.row(code) for code, one in providers.items()), "utf-8")
    config.write_text(CONFIG, "utf-8")
    settings = {"public_url": ORIGIN, "providers": str(rows), "config": str(config)}
    made = Cluster(folder / "cluster", database_url=url, apis=1, workers=1, settings=settings)
    cluster = stack.enter_context(made)
    return cluster, cluster.application("shop"), providers


def _provider(stack: ExitStack, step: str) -> HeldProvider:
    hold = "page 2" if step == "after the refresh" else step
    return stack.enter_context(HeldProvider(hold, lasting=1 if "refresh" in step else None))


def _walk(one: KilledConsent, step: str) -> None:
    cluster, provider = one.cluster, one.provider
    if step == "after the begin":
        one.kill(cluster.apis)
    back = one.to_provider()
    if step == "after the link was opened":
        one.kill(cluster.apis)
    assert urlsplit(one.open(back)).path == one.link
    if step == "after the answer came":
        one.kill(cluster.apis)
    browser = one.take_up()
    if step == "token":
        assert provider.held.wait(60)
        one.kill(cluster.apis)
        browser.join()
        # The browser comes again: the answer is taken up already, and nobody sends it a second time.
        assert one.open(one.link) == ""
        assert one.application.complete(one.import_id) is None
        one.set_times("UPDATE consent SET claimed_at = 1")
        assert one.application.end(one.import_id)["value"] == 518
        return
    if step in ("page 1", "page 2", "refresh", "after the refresh"):
        assert provider.held.wait(60)
        browser.join()
        one.kill(cluster.workers)
        if step == "refresh":
            # The new token was lost with the process. A provider that takes a refresh token once ends the grant.
            assert one.application.end(one.import_id)["value"] == 514
            return
    browser.join()
    one.check_whole()
    if step == "revoke":
        assert provider.held.wait(60)
        one.kill(cluster.workers)
        one.check_whole()
        assert len(provider.tokens.revocations) == 1
    if step == "after the end":
        one.kill(cluster.members)
        one.check_whole()
