"""Formats: bytes to contacts and back. Every format has the same two names, `read()` and `write()`."""
