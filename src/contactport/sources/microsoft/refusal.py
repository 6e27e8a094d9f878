"""What a refusal by Microsoft Graph means to the user and to the operator."""

from __future__ import annotations

from contactport.sources.failures import (
    AccountBlocked,
    ConsentWithdrawn,
    Failure,
    MailboxNotServed,
    SetUpIncomplete,
)
from contactport.sources.hosted.api_client import ApiRefusal, failure_by_status

REST = 30
"""Seconds where Graph, against its own rules, does not say how long to wait."""

_NO_MAILBOX = frozenset(
    {
        "MailboxNotEnabledForRESTAPI",
        "MailboxNotSupportedForRESTAPI",
        "RESTAPINotEnabledForComponentSharedMailbox",
        "ErrorNonExistentMailbox",
        "ErrorMissingEmailAddress",
        "ResourceNotFound",
    }
)
"""The account's mailbox is at the organisation's own server, is gone, or there is none."""
_BLOCKED = frozenset({"ErrorAccountSuspend", "ErrorAccountSuspendShowTierUpgrade", "ErrorMailboxDisabled"})
_ADMINISTRATOR = frozenset({"Authorization_RequestDenied", "TenantAccessBlocked"})
MISSING = frozenset({"ErrorItemNotFound", "ErrorFolderNotFound"})
"""A folder that was there a moment ago is gone."""


def to_failure(refused: ApiRefusal, *, proven: bool) -> Failure:
    """The kind of failure that a refusal amounts to; `proven` says that Graph has taken the token before."""
    status, words = refused.status, refused.words
    if words & _BLOCKED:
        return AccountBlocked()
    if words & _NO_MAILBOX:
        return MailboxNotServed()
    if status == 401:
        # An account without a licence for a mailbox is told so by a 401 that names no reason.
        no_reason = not words - {"UnknownError"}
        return MailboxNotServed() if no_reason and not proven else ConsentWithdrawn()
    if words & _ADMINISTRATOR:
        return SetUpIncomplete("an administrator of the user's organisation has to allow the application")
    return failure_by_status(refused, REST)
