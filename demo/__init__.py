"""The demo: one real import from a real CardDAV server, on loopback, and nothing left behind."""
