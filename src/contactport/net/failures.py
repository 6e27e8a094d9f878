"""How a request can fail, each as the error of the wire that it becomes when nobody catches it.

None of them holds a URL, a user name or a word of the server's.
"""

from __future__ import annotations

from contactport.errors import Code, WireError


class Unreachable(WireError):
    """No connection, or none that may be made: the two look the same."""

    def __init__(self, text: str = "") -> None:
        super().__init__(Code.IMPORT_FAILED, text)


class Silent(Unreachable):
    """Nothing answers the attempt to connect; the system has tried again by itself already."""


class Interrupted(Unreachable):
    """The connection ended before the answer did."""


class Untrusted(Unreachable):
    """The server's certificate is not one that can be trusted for its name."""

    def __init__(self) -> None:
        super().__init__(
            "The server's certificate can't be verified, so the password was not sent. Its operator should "
            "install a certificate for this name; a private authority can be named in this service's settings "
            "(ca_file)."
        )


class TooSlow(WireError):
    """No byte in the time that the settings allow."""

    def __init__(self) -> None:
        super().__init__(Code.TIMEOUT)


class OverBudget(WireError):
    """The server sent more than the settings allow; the text says what was too much."""

    def __init__(self, what: str) -> None:
        super().__init__(
            Code.IMPORT_FAILED,
            f"The address book was not read to its end: {what}. This service's operator can raise the limit.",
        )


class Unreadable(WireError):
    """An answer that breaks the rules of HTTP: a coding nobody asked for, redirects in a circle."""

    def __init__(self, what: str) -> None:
        super().__init__(
            Code.IMPORT_FAILED,
            f"The server's answer can't be read: {what}. Check the server's address, or upload the contacts as "
            "a file.",
        )
