"""Addresses and spellings that must never be dialled, by the way in which an import gets them.

`{open}` is the port of listeners on 127.0.0.1, 127.0.0.2, 127.0.0.3 and ::1 that would notice a connection. No name
of these leads anywhere but through the zone below, which is served on loopback.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Way = Literal[
    "server",
    "user name",
    "name server",
    "rebinding",
    "service record",
    "redirect",
    "well-known",
    "principal",
    "home set",
    "book",
    "card",
    "photo",
]
"""How an import hears of it: from the caller (`server`, `user name`), from the DNS, or from a server's answer."""


class AddressRow(msgspec.Struct, frozen=True):
    """`target` is what is named. `first` is a name's first address, where it changes afterwards."""

    way: Way
    target: str
    first: str = ""


PRIVATE = (
    *("0.0.0.0", "0.0.0.1", "0.255.255.255", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200"),
    *("100.127.255.254", "127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "169.254.0.1"),
    *("169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.254", "192.0.0.1", "192.0.0.170"),
    *("192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.254", "198.18.0.1", "198.19.255.255"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
)
PRIVATE_V6 = (
    *("::", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:2", "::ffff:10.0.0.1"),
    *("::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1"),
    *("64:ff9b::169.254.169.254", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a00:1::", "2002:a9fe:a9fe::"),
    *("2001:0:7f00:1::", "2001:10::1", "2001:db8::1", "3ffe::1", "3fff::1", "5f00::1", "100::1", "fc00::1"),
    *("fd12:3456::1", "fd00:ec2::254", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1"),
)
SPELLINGS = (
    # Numbers: decimal, octal, hexadecimal, short, and mixed.
    *(
        "2130706433",
        "0x7f000001",
        "0X7F000001",
        "017700000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "0177.0.0.1",
        "0177.1",
    ),
    *(
        "127.1",
        "127.0.1",
        "127.0x1",
        "0",
        "0x0",
        "00000000",
        "2852039166",
        "0xa9fea9fe",
        "0xa9.0xfe.0xa9.0xfe",
    ),
    *(
        "0251.0376.0251.0376",
        "169.254.43518",
        "127.0.0.1.",
        "127.0.0.01",
        "127.000.000.001",
        "256.256.256.256",
    ),
    *("127.0.0.1%00", "127.0.0.1%2e", "%31%32%37.0.0.1", "1.127.0.0.1.5", "[127.0.0.1]", "[::1", "::1"),
    *("[::1%25lo]", "[fe80::1%25lo]", "[fe80::1%lo]", "[::ffff:127.0.0.1%25lo]", "[v1.127]"),
    # Names of this machine, in letters that become others.
    *(
        "localhost",
        "LOCALHOST",
        "localhost.",
        "ｌｏｃａｌｈｏｓｔ",
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "local\u00adhost",
        "local\u200bhost",
    ),
    # Digits and dots that become others.
    *(
        "１２７.０.０.１",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "127．0．0．1",
        "１６９．２５４．１６９．２５４",
        "١٢٧.٠.٠.١",
    ),
    *("𝟙𝟚𝟟.𝟘.𝟘.𝟙", "0ｘ7f000001", "２１３０７０６４３３"),
)
NOT_ALLOWED = (
    # Another host in front, behind, or in between.
    *(
        "http://good.test@127.0.0.1:{open}/",
        "http://127.0.0.1:{open}@127.0.0.2:{open}/",
        "http://a:b@10.0.0.1/",
    ),
    *(
        "http://good.test\\@127.0.0.1:{open}/",
        "http://good.test#@127.0.0.1:{open}/",
        "127.0.0.1:{open}#good.test",
    ),
    *(
        "http://good.test?@127.0.0.1:{open}/",
        "http://127.0.0.1:{open}\\.good.test/",
        "http://[::1]:{open}@a.test/",
    ),
    *(
        "http://127.0.0.1:{open}\r\nHost:good.test/",
        "http://127.0.0.1\t:{open}/",
        "http://127.0.0.1 :{open}/",
    ),
    # Other protocols, and none.
    *(
        "ftp://127.0.0.1:{open}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{open}/_x",
        "dict://127.0.0.1:{open}/",
    ),
    *(
        "ldap://127.0.0.1:{open}/",
        "unix:///var/run/docker.sock",
        "//127.0.0.1:{open}/",
        "http:///127.0.0.1:{open}/",
    ),
    *(
        "http:/127.0.0.1:{open}/",
        "http:\\\\127.0.0.1:{open}/",
        "javascript://127.0.0.1:{open}/%0a",
        "data:,127.0.0.1",
    ),
    # Ports.
    *(
        "http://127.0.0.1:0{open}/",
        "http://127.0.0.1:０{open}/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:-1/",
    ),
    # Public addresses in clear, and at doors that are nobody's address book.
    *(
        "http://1.1.1.1/",
        "http://1.1.1.1:443/",
        "https://1.1.1.1:22/",
        "https://1.1.1.1:25/",
        "https://1.1.1.1:80/",
    ),
    *(
        "https://1.1.1.1:3306/",
        "https://1.1.1.1:6379/",
        "http://[2606:4700::1111]/",
        "https://[2606:4700::1111]:22/",
    ),
)
ZONE: dict[tuple[str, str], list[str]] = {
    ("localhost", "A"): ["127.0.0.1"],
    ("localhost", "AAAA"): ["::1"],
    ("good.test", "A"): ["127.0.0.2"],
    ("loopback.test", "A"): ["127.0.0.2"],
    ("127.0.0.1.nip.test", "A"): ["127.0.0.1"],
    ("zero.test", "A"): ["0.0.0.0"],
    ("metadata.test", "A"): ["169.254.169.254"],
    ("carrier.test", "A"): ["100.64.0.1"],
    ("several.test", "A"): ["10.0.0.1", "172.16.0.1", "192.168.0.1", "127.0.0.2"],
    ("six.test", "AAAA"): ["::1"],
    ("mapped.test", "AAAA"): ["::ffff:127.0.0.1"],
    ("nat64.test", "AAAA"): ["64:ff9b::7f00:1"],
    ("sixtofour.test", "AAAA"): ["2002:7f00:1::"],
    ("local.test", "AAAA"): ["fd00::1", "fe80::1"],
    ("both.test", "A"): ["127.0.0.2"],
    ("both.test", "AAAA"): ["::1"],
    ("xn--bcher-kva.test", "A"): ["127.0.0.2"],
    ("_carddavs._tcp.one.test", "SRV"): ["0 1 {open} dav.one.test."],
    ("dav.one.test", "A"): ["127.0.0.2"],
    ("_carddavs._tcp.two.test", "SRV"): ["0 1 443 dav.two.test."],
    ("dav.two.test", "A"): ["169.254.169.254"],
    ("_carddavs._tcp.three.test", "SRV"): ["0 1 {open} localhost."],
    ("_carddavs._tcp.four.test", "SRV"): ["0 1 {open} 127.0.0.1."],
    ("_carddavs._tcp.five.test", "SRV"): ["0 1 {open} dav.five.test."],
    ("_carddavs._tcp.five.test", "TXT"): ['"path=/@127.0.0.1:{open}/"'],
    ("dav.five.test", "AAAA"): ["::ffff:127.0.0.1", "::1"],
}
LED_TO = (
    *(
        "http://127.0.0.1:{open}/",
        "http://127.0.0.2:{open}/",
        "http://127.0.0.3:{open}/",
        "https://127.0.0.2:{open}/",
    ),
    *(
        "http://[::1]:{open}/",
        "http://[::ffff:127.0.0.1]:{open}/",
        "http://localhost:{open}/",
        "//127.0.0.2:{open}/",
    ),
    *(
        "http://2130706433:{open}/",
        "http://0x7f.1:{open}/",
        "http://0177.0.0.1:{open}/",
        "http://127.1:{open}/",
    ),
    *("http://１２７.０.０.２:{open}/", "http://good.test@127.0.0.2:{open}/", "http://127.0.0.2.:{open}/"),
    *("http://loopback.test:{open}/", "http://metadata.test/", "http://169.254.169.254/latest/meta-data/"),
    *(
        "https://10.0.0.1/",
        "https://[fd00:ec2::254]/",
        "https://[64:ff9b::7f00:1]/",
        "http:\\\\127.0.0.2:{open}/",
    ),
    *(
        "ftp://127.0.0.2:{open}/",
        "gopher://127.0.0.2:{open}/_x",
        "file:///etc/passwd",
        "http:///127.0.0.2:{open}/",
    ),
)
"""What a server's answer may name; 127.0.0.3 is a network that the operator allows, and no server may lead to."""


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _rows() -> list[AddressRow]:
    rows = [AddressRow("server", f"https://{_host(address)}/") for address in (*PRIVATE, *PRIVATE_V6)]
    rows += [AddressRow("server", f"http://{spelling}:{{open}}/") for spelling in SPELLINGS]
    rows += [AddressRow("server", address) for address in NOT_ALLOWED]
    rows += [
        AddressRow("user name", f"alice@{domain}")
        for domain in (
            "127.0.0.1",
            "[127.0.0.1]",
            "[::1]",
            "localhost",
            "0x7f.1",
            "metadata.test",
            "１２７.０.０.１",
        )
    ]
    names = [name for name, kind in ZONE if kind in ("A", "AAAA") and not name.startswith("dav.")]
    rows += [AddressRow("name server", f"http://{name}:{{open}}/") for name in dict.fromkeys(names)]
    rows += [AddressRow("name server", f"https://{name}/") for name in dict.fromkeys(names)]
    rows += [
        AddressRow("name server", f"http://{name}:{{open}}/")
        for name in ("LoopBack.TEST.", "bücher.test", "ｌoopback。test")
    ]
    rows += [
        AddressRow("rebinding", address, first="127.0.0.1")
        for address in ("127.0.0.2", "127.0.0.3", "169.254.169.254", "10.0.0.1", "192.168.0.1", "0.0.0.0")
    ]
    rows += [
        AddressRow("service record", f"alice@{domain}.test")
        for domain in ("one", "two", "three", "four", "five")
    ]
    led: tuple[Way, ...] = ("redirect", "well-known", "principal", "home set", "book", "card", "photo")
    rows += [AddressRow(way, target) for way in led for target in LED_TO]
    return rows


ROWS = _rows()
