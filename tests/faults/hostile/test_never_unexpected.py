"""No answer, server name or user name makes an import end with an error of this service (256)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contactport.errors import Code
from contactport.grant import Password
from contactport.imports.run import run
from contactport.imports.to_error import to_error
from contactport.net.client import open_client
from contactport.net.retries import RetryPolicy
from contactport.settings import Settings
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from contactport.sources.failures import FAILURES
from tests.faults.matrix.cell import MemorySink
from tests.servers.source_run import PROVIDERS
from tests.unit.net.little_server import Last, ReceivedRequest, little_server
from tests.unit.net.name_server import name_server

PLACES = (
    "/dav/",
    "/dav/home/",
    "/dav/book/",
    "//",
    "",
    "?",
    "http://[::1",
    "https://xn--0.example/1.vcf",
    "http://127.0.0.1:99999/",
    "http://a:b@c:d/",
    "http://%00/",
    "\udcff\udcfe",
    "\ud800",
    "mailto:alice@example.org",
    "/" + "a" * 9000,
    "http://" + "a" * 300 + "/",
    "http://" + "a." * 200 + "/",
    "/dav/book/%ff%2f..%2f%00.vcf",
    "/dav/b\u0130\u00fc\u3000.vcf",
)
place = st.sampled_from(PLACES) | st.text(max_size=30)
word = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20)


def xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


@st.composite
def fields(draw: st.DrawFn) -> str:
    """A header field that means something to a client, with a value that may not."""
    name = draw(
        st.sampled_from(
            [
                "Location",
                "WWW-Authenticate",
                "Content-Encoding",
                "Retry-After",
                "Content-Length",
                "Transfer-Encoding",
                "Authentication-Info",
                "Content-Type",
                "Set-Cookie",
                "Connection",
            ]
        )
    )
    values = st.one_of(
        word,
        place.map(lambda text: text.encode("utf-8", "surrogatepass").decode("latin-1")),
        st.builds('Digest realm="{}", nonce="{}", qop="{}", algorithm={}'.format, word, word, word, word),
        st.builds('Digest realm="{}", nonce="n{}", qop="auth"'.format, word, word),
        st.builds('Basic realm="{}", charset="{}"'.format, word, word),
        st.sampled_from(["gzip", "deflate", "gzip, gzip", "chunked", "-1", "99999999999999999999", "close"]),
    )
    return f"{name}: {draw(values)}".replace("\r", "").replace("\n", "")


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A multistatus of everything that discovery and a book may name."""
    parts: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        target = draw(place)
        href = f"<D:href>{xml(draw(place))}</D:href>"
        properties = draw(
            st.sampled_from(
                [
                    f"<D:current-user-principal>{href}</D:current-user-principal>",
                    f"<C:addressbook-home-set>{href}</C:addressbook-home-set>",
                    "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>",
                    f"<D:resourcetype><C:addressbook/></D:resourcetype><D:displayname>{xml(draw(word))}</D:displayname>",
                    f"<C:address-data>BEGIN:VCARD&#13;\nFN:{xml(draw(word))}&#13;\nEND:VCARD</C:address-data>",
                    f"<A:me-card xmlns:A='http://calendarserver.org/ns/'>{href}</A:me-card>",
                    "<D:getetag/>",
                ]
            )
        )
        status = draw(st.sampled_from(["HTTP/1.1 200 OK", "HTTP/1.1 404", "HTTP/1.1 507 x", "", "x"]))
        parts.append(
            f"<D:response><D:href>{xml(target)}</D:href><D:propstat><D:prop>{properties}</D:prop>"
            f"<D:status>{status}</D:status></D:propstat></D:response>"
        )
    parts.append(
        draw(st.sampled_from(["", "<D:sync-token>t</D:sync-token>", "<D:x", "<!DOCTYPE x>", "&bogus;"]))
    )
    text = f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">{"".join(parts)}</D:multistatus>'
    return text.encode("utf-8", "surrogatepass")


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    if draw(st.integers(0, 9)) == 0:
        return Last(draw(st.binary(max_size=300)))
    status = draw(
        st.sampled_from([207, 207, 207, 207, 200, 301, 302, 401, 401, 403, 404, 429, 500, 503, 100, 101, 999])
    )
    body = draw(documents() | st.binary(max_size=60))
    lines = [f"HTTP/1.1 {status} {draw(word)}", *draw(st.lists(fields(), max_size=3))]
    if draw(st.booleans()):
        lines.append(f"Content-Length: {len(body)}")
    return Last("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)


async def ending(replies: Sequence[bytes], username: str, server: str | None) -> Code | None:
    """How an import ends; None where it is complete. Raises what is no error of the wire."""
    provider = PROVIDERS.find("carddav")
    assert provider is not None
    here = Settings(
        allow_network=["127.0.0.0/8"],
        connect_seconds=1,
        first_byte_seconds=1,
        idle_seconds=1,
        tries=2,
        redirects=3,
    )

    turn = 0

    def answer(_: ReceivedRequest) -> bytes:
        nonlocal turn
        turn += 1
        return replies[turn % len(replies)]

    async with little_server(answer) as little, name_server({}) as resolver:
        here.resolver = resolver
        account = Account(
            provider=provider,
            grant=Password(username, "p\u00e4ss", little.url("/dav/") if server is None else server),
        )
        try:
            async with open_client(here, RetryPolicy(base=0.0001, cap=0.0001)) as client:
                await run(CardDav(), account, client, MemorySink(), here.import_members)
        except FAILURES as error:
            return to_error(error, "password").code
    return None


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(answers(), min_size=1, max_size=5),
    st.sampled_from(["alice", "älice@x", "a:b", "\udcff", "\U0001f600"]),
)
def test_whatever_a_server_answers(replies: list[bytes], username: str) -> None:
    assert asyncio.run(ending(replies, username, None)) is not Code.UNEXPECTED


names = st.text(max_size=20) | st.sampled_from(
    [
        "alice@xn--0.example",
        "alice@",
        "@",
        "alice@a..b",
        "alice@127.1",
        "alice@[::1]",
        "alice@" + "a" * 300,
        "a@\ud800",
    ]
)
servers = st.text(max_size=20) | st.sampled_from(
    [
        "xn--0.example",
        "https://xn--0.example/dav",
        "https://\udcff/",
        "a\u3002b",
        "\u2460.example",
        "[::1%25lo]:5",
        "https://xn--\u00fc.example",
        "https://example.invalid/\udcff",
        "\u0130.example",
        "1.2.3.4.5:443",
    ]
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(names, servers)
def test_whatever_a_caller_names(username: str, server: str) -> None:
    assert asyncio.run(ending([b""], username, server)) is not Code.UNEXPECTED
