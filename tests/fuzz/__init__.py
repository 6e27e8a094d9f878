"""Fuzz targets. One module `target_NAME.py` is one target: its `check(data)` raises where a promise is broken.

`corpus/NAME` holds the inputs to begin with, `crashes/NAME` every input that ever broke a promise: a fixture for
good. `dictionaries/NAME.dict`, where there is one, holds the words of the format. `scripts/fuzz NAME SECONDS` runs
one for long; the tests here run each for a moment.
"""
