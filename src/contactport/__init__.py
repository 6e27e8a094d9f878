"""contactport: a self-hosted address-book import service."""

__version__ = "0.2.0"
