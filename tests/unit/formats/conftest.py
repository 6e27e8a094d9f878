"""Property tests without a stop-watch: a machine under load is slow, and what is slow by itself is found by
`scripts/fuzz` and `benchmarks.vcard_worst`."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
