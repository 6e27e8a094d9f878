"""What a consent was given has left the process's memory once its import has ended, and others have gone on."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.test_memory import held
from tests.faults.cluster import until
from tests.faults.matrix.hosted_book import CODE
from tests.faults.test_consent_kills import KilledConsent, cluster_of


def test_no_token_stays_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONMALLOC", "debug")
    with ExitStack() as stack:
        cluster, application, providers = cluster_of(stack, tmp_path, "", ["page 2", "", ""])
        pid = cluster.apis[0].pid
        first, *others = (KilledConsent(cluster, application, one, code) for code, one in providers.items())
        assert first.open(first.to_provider())
        browser = first.take_up()
        assert first.provider.held.wait(60)
        browser.join()
        verifier, access, refresh = first.provider.tokens.secrets
        words = {"code": CODE, "verifier": verifier, "access": access, "refresh": refresh}
        assert "access" in held(pid, words), "what is needed now is found"
        first.provider.release.set()
        first.check_whole()
        del words["code"]  # The others have the same.
        for other in others:
            other.open(other.to_provider())
            other.take_up().join()
            other.check_whole()
        until(lambda: True if not held(pid, words) else None)
