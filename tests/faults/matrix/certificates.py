"""Server certificates: one valid, and others that no client may accept."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM
_LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


class Certificates:
    """`authority` is the file to trust. What can be wrong with one: "expired", "wrong name", "self-signed"."""

    def __init__(self, folder: Path, *names: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        self._issued_by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        root = (
            self._builder("test authority", "test authority", self._key, now - 9 * day, now + day)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.authority = folder / "authority.pem"
        self.authority.write_bytes(root.public_bytes(_PEM))
        right: list[x509.GeneralName] = [_LOOPBACK, *(x509.DNSName(name) for name in names)]
        wrong: list[x509.GeneralName] = [x509.DNSName("another.example.org")]
        self._contexts = {
            "": self._context("sound", right, now - day, now + day),
            "expired": self._context("expired", right, now - 2 * day, now - day),
            "wrong name": self._context("wrong-name", wrong, now - day, now + day),
            "self-signed": self._context("self-signed", right, now - day, now + day, alone=True),
        }

    def context(self, choose: Callable[[], str]) -> ssl.SSLContext:
        """A server's, that asks at each handshake what is to be wrong with its certificate ("" for nothing)."""

        def chosen(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
            connection.context = self._contexts[choose()]

        context = self._load("sound")
        context.sni_callback = chosen
        return context

    def _load(self, file: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / f"{file}.pem")
        return context

    def _builder(
        self,
        subject: str,
        issuer: str,
        key: ec.EllipticCurvePrivateKey,
        start: datetime.datetime,
        end: datetime.datetime,
    ) -> x509.CertificateBuilder:
        def name(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )

    def _context(
        self,
        file: str,
        names: list[x509.GeneralName],
        start: datetime.datetime,
        end: datetime.datetime,
        *,
        alone: bool = False,
    ) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = (
            self._builder("test server", "test server" if alone else "test authority", key, start, end)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(self._issued_by, critical=False)
            .sign(key if alone else self._key, hashes.SHA256())
        )
        (self._folder / f"{file}.pem").write_bytes(
            leaf.public_bytes(_PEM)
            + key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return self._load(file)
