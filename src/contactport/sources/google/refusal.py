"""What a refusal by Google's APIs means to the user and to the operator.

The same failure comes in two shapes: older answers say its reason under `errors`, newer ones under `details`.
"""

from __future__ import annotations

from contactport.sources.failures import ConsentWithdrawn, Failure, RateLimited, SetUpIncomplete
from contactport.sources.hosted.api_client import ApiRefusal, failure_by_status

MINUTE = 60
"""Google counts requests by the minute, and does not say when the next may come."""

_RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"})
_QUOTA = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_NOT_ENABLED = frozenset(
    {"SERVICE_DISABLED", "accessNotConfigured", "CONSUMER_INVALID", "CONSUMER_SUSPENDED"}
)


def to_failure(refused: ApiRefusal) -> Failure:
    """The kind of failure that a refusal amounts to."""
    status, words = refused.status, refused.words
    if status == 401:
        return ConsentWithdrawn()
    if words & _NOT_ENABLED:
        return SetUpIncomplete("the People API is not enabled in the project of the OAuth client")
    if words & _QUOTA:
        return SetUpIncomplete("the OAuth client's project has used up its quota of the People API")
    if words & _RATE:
        return RateLimited(refused.retry_after or MINUTE)
    return failure_by_status(refused, MINUTE)
