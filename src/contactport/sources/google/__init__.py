"""Google Contacts by the People API v1 (https://developers.google.com/people/api/rest)."""

from contactport.sources.google.source import Google

__all__ = ["Google"]
