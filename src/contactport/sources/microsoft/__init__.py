"""Outlook.com and Microsoft 365 by Microsoft Graph v1.0 (https://learn.microsoft.com/graph/api/resources/contact)."""

from contactport.sources.microsoft.source import Microsoft

__all__ = ["Microsoft"]
