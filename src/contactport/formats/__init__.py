"""Bytes to contacts and back: every format has the same two names, `read()` and `write()`."""
