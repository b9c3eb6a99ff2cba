"""AWS as somebody meets it whose session token has expired: an HTTPS proxy gives the answer of STS in its place.

An endpoint of the environment would not do, since no run lets itself be bent by one.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

BODY = b"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>ExpiredToken</Code>
<Message>The security token included in the request is expired</Message></Error><RequestId>1</RequestId></ErrorResponse>"""
ANSWER = b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
    len(BODY),
    BODY,
)


def certificate(path: Path) -> None:
    """Write a certificate for AWS in eu-west-1, which is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    uses = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    for extension in (
        x509.SubjectAlternativeName([x509.DNSName("*.eu-west-1.amazonaws.com")]),
        x509.BasicConstraints(ca=True, path_length=None),
        x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, decipher_only=False, **uses),
        identifier,
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
    ):
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + builder.sign(key, hashes.SHA256()).public_bytes(pem)
    )
    path.chmod(0o644)


class Proxy(BaseHTTPRequestHandler):
    """Ends the connection to AWS here."""

    tls: ssl.SSLContext
    asked: list[str]

    def do_CONNECT(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        with self.tls.wrap_socket(self.connection, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(ANSWER)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def expired_session(folder: Path) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Give the environment in which AWS answers so, and the list of hosts that were asked."""
    pem = folder / "aws.pem"
    certificate(pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    asked: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("This", (Proxy,), {"tls": tls, "asked": asked})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield {"HTTPS_PROXY": url, "https_proxy": url, "AWS_CA_BUNDLE": str(pem)}, asked
        server.shutdown()
