"""A source that reads by a token, with providers that lead to servers of authorization on loopback.

It has one card an account, asks for another token before it hands that out, and writes both tokens into a file: what
is searched for afterwards has to be known.
"""

from __future__ import annotations

from pathlib import Path

_SOURCE = """
import pathlib

from contactport.sources.base import Page, RawRecord


class TokenSource:
    def __init__(self, context):
        pass

    async def pages(self, account, client, known):
        first = account.grant
        fresh = await account.refresh()
        path = pathlib.Path(__file__).with_name("tokens.txt")
        path.write_text("\\n".join(filter(None, (first.access_token, first.refresh_token, fresh))), "utf-8")
        name = "Refreshed" if fresh and fresh != first.access_token else "Kept"
        card = f"BEGIN:VCARD\\r\\nVERSION:3.0\\r\\nFN:{name}\\r\\nUID:1\\r\\nEND:VCARD\\r\\n"
        yield Page(records=[RawRecord("1", card.encode(), "vcf")])
"""
_ROW = """
[[provider]]
code = "{code}"
name = "{code}"
[provider.consent]
protocol = "token_source"
client = "google"
authorization_endpoint = "{authorize}"
token_endpoint = "{token}"
revocation_endpoint = "{revocation}"
issuer = "{issuer}"
scopes = ["{scope}"]
"""


class TokenPackage:
    """The package in a folder, which is to be on PYTHONPATH."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._package = folder / "token_source"
        self._package.mkdir()
        (self._package / "__init__.py").write_text(_SOURCE, "utf-8")
        (self._package / "providers.toml").write_text("", "utf-8")
        about = folder / "token_source-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: token-source\nVersion: 1.0\n", "utf-8")
        (about / "entry_points.txt").write_text(
            "[contactport.sources]\ntoken_source = token_source:TokenSource\n"
            "[contactport.providers]\ntoken_source = token_source\n",
            "utf-8",
        )

    def add(
        self, code: str, *, authorize: str, token: str, revocation: str, scope: str, issuer: str = ""
    ) -> None:
        """One provider more."""
        row = _ROW.format(
            code=code, authorize=authorize, token=token, revocation=revocation, scope=scope, issuer=issuer
        )
        with (self._package / "providers.toml").open("a", encoding="utf-8") as rows:
            rows.write(row)

    def tokens(self) -> list[str]:
        """The tokens that the source has seen last."""
        return (self._package / "tokens.txt").read_text("utf-8").split()
