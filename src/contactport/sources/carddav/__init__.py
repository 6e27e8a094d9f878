"""CardDAV: discover.py finds the books, fetch.py reads one, source.py is the whole."""

from contactport.sources.carddav.source import CardDav

__all__ = ["CardDav"]
