"""Errors of Google's APIs, in the form of their answers."""

from __future__ import annotations

from typing import Any, Literal

from tests.servers.hosted_api import ApiError

Shape = Literal["details", "errors", "both"]
"""Newer answers say the reason in `details`, older ones in `errors`."""


def google_error(
    status: int,
    word: str,
    reason: str,
    message: str,
    *,
    shape: Shape = "details",
    metadata: dict[str, str] | None = None,
) -> ApiError:
    error: dict[str, Any] = {"code": status, "message": message}
    if shape != "details":
        error["errors"] = [{"message": message, "domain": "global", "reason": reason}]
    error["status"] = word
    if shape != "errors" and reason.isupper():
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
        }
        error["details"] = [info | ({"metadata": metadata} if metadata else {})]
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if status == 401 else {}
    return ApiError(status, {"error": error}, headers)


def invalid(message: str) -> ApiError:
    return google_error(400, "INVALID_ARGUMENT", "badRequest", message, shape="errors")


_QUOTA = (
    "Quota exceeded for quota metric 'Critical read requests' and limit 'Critical read requests per minute'."
)
_DISABLED = "People API has not been used in project 1021 before or it is disabled. Enable it, then retry."
_SERVICE = {"service": "people.googleapis.com", "consumer": "projects/1021"}
ERRORS: dict[str, ApiError] = {
    "rateLimitExceeded": google_error(403, "PERMISSION_DENIED", "rateLimitExceeded", _QUOTA, shape="errors"),
    "userRateLimitExceeded": google_error(
        403, "PERMISSION_DENIED", "userRateLimitExceeded", _QUOTA, shape="errors"
    ),
    "RATE_LIMIT_EXCEEDED": google_error(
        429,
        "RESOURCE_EXHAUSTED",
        "RATE_LIMIT_EXCEEDED",
        _QUOTA,
        metadata={**_SERVICE, "quota_limit": "read_per_user"},
    ),
    "RESOURCE_EXHAUSTED": ApiError(
        429,
        {
            "error": {
                "code": 429,
                "message": "Resource has been exhausted (e.g. check quota).",
                "status": "RESOURCE_EXHAUSTED",
                "details": [
                    {
                        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                        "violations": [
                            {"subject": "QUOTA_EXCEEDED", "description": "FBS quota limit exceeded"}
                        ],
                    }
                ],
            }
        },
    ),
    "SERVICE_DISABLED": google_error(
        403, "PERMISSION_DENIED", "SERVICE_DISABLED", _DISABLED, metadata=_SERVICE
    ),
    "accessNotConfigured": google_error(
        403, "PERMISSION_DENIED", "accessNotConfigured", _DISABLED, shape="errors"
    ),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": google_error(
        403,
        "PERMISSION_DENIED",
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "Request had insufficient authentication scopes.",
        shape="both",
        metadata=_SERVICE,
    ),
    "ACCESS_TOKEN_EXPIRED": google_error(
        401,
        "UNAUTHENTICATED",
        "ACCESS_TOKEN_EXPIRED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token.",
        metadata=_SERVICE,
    ),
    "backendError": google_error(
        503, "UNAVAILABLE", "backendError", "The service is currently unavailable.", shape="errors"
    ),
    "html": ApiError(502, b"<!DOCTYPE html><title>Error 502 (Server Error)!!1</title>"),
}
"""Failures to give to `fail`. Some have the two shapes: the older with `errors`, the newer with `details`."""
