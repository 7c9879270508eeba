"""Cloud SQL on this machine: the part of its Admin API that the connector calls, and the TLS port before the server."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.auth.credentials import Credentials

if TYPE_CHECKING:
    from pathlib import Path

INSTANCE = "project:southamerica-east1:departments"
_PORT = 3307  # the connector's own, of every instance
_ADDRESS = f"127.83.{os.getpid() % 250}.1"  # so that two runs do not meet on that port
_LIFETIME = timedelta(hours=1)


class LocalCredentials(Credentials):
    """Credentials of nobody."""

    def refresh(self, request: object) -> None:
        """Take a token that lives one hour."""
        del request
        self.token = "canary-access-token"  # noqa: S105 - known to nobody
        self.expiry = datetime.now(UTC).replace(tzinfo=None) + _LIFETIME


class CloudSql:
    """One instance; `api` is the Admin API's endpoint. Its TLS port passes on to the server's Unix socket."""

    def __init__(self, target: str, folder: Path) -> None:
        self._target = target
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._authority = self._certify(self._key.public_key(), is_authority=True)
        self.requests: list[str] = []
        self._api = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.api = f"http://127.0.0.1:{self._api.server_port}"
        self._tls = self._tls_context(folder)
        self._listener = socket.create_server((_ADDRESS, _PORT))
        self._threads: list[threading.Thread] = []
        self._start(self._api.serve_forever, 0.05)
        self._start(self._accept)

    def close(self) -> None:
        """Stop."""
        self._api.shutdown()
        self._api.server_close()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: Any, *arguments: object) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self._threads[-1].start()

    def _certify(self, public_key: Any, *, is_authority: bool = False) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "project:departments")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + _LIFETIME)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        return builder.sign(self._key, hashes.SHA256())

    def _tls_context(self, folder: Path) -> ssl.SSLContext:
        (folder / "key.pem").write_bytes(
            self._key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (folder / "cert.pem").write_bytes(_pem(self._authority))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        context.load_verify_locations(folder / "cert.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(
                    {
                        "region": "southamerica-east1",
                        "databaseVersion": "POSTGRES_18",
                        "ipAddresses": [{"type": "PRIVATE", "ipAddress": _ADDRESS}],
                        "serverCaCert": {"cert": _pem(cloud._authority).decode()},
                    }
                )

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                certificate = cloud._certify(load_pem_public_key(asked["public_key"].encode()))
                self._answer({"ephemeralCert": {"cert": _pem(certificate).decode()}})

            def _answer(self, body: dict[str, Any]) -> None:
                cloud.requests.append(self.path)
                content = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._relay, client)

    def _relay(self, raw: socket.socket) -> None:
        with contextlib.suppress(OSError), raw, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._target)
            with self._tls.wrap_socket(raw, server_side=True) as client:
                while True:
                    if not client.pending():
                        readable, _, _ = select.select([client, server], [], [])
                    for end, other in ((client, server), (server, client)):
                        if end in readable or (end is client and client.pending()):
                            piece = end.recv(65536)
                            if not piece:
                                return
                            other.sendall(piece)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
