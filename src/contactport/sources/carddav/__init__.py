"""CardDAV: discover.py finds the books, book_reader.py reads one, page_builder.py yields, source.py is the whole."""

from contactport.sources.carddav.source import CardDav

__all__ = ["CardDav"]
