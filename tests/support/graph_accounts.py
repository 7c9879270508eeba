"""A small Graph API that knows accounts and their tokens, over real HTTP: what proofs, checks and renewals ask."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from shared.channels.account_reading import AccountReader
from shared.channels.graph_transport import GraphTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPIRED = {"code": 190, "type": "OAuthException", "message": "Error validating access token: Session has expired."}
PAGE_FIELDS = ["messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads"]


def hidden(account: str) -> dict[str, Any]:
    """What Graph says of an object that the token may not see."""
    text = f"Unsupported get request. Object with ID '{account}' does not exist or cannot be loaded"
    return {"code": 100, "error_subcode": 33, "type": "GraphMethodException", "message": text}


@dataclass
class GraphAccounts:
    """`nodes`: (token, path) → answer, or {"error": …}. `asked`: the paths and tokens of all requests."""

    url: str = ""
    nodes: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    renewed: dict[str, str] = field(default_factory=dict)  # old token → new one
    status: int | None = None  # of every answer, for a provider in trouble

    def number(
        self, account: str, token: str, *, blocked: bool = False, business: str = "2220001", app: str = "5550001"
    ) -> None:
        """A WhatsApp number of this token, subscribed to the token's app."""
        can = "BLOCKED" if blocked else "AVAILABLE"
        errors = [{"error_code": 141006, "error_description": "There is an error with the payment method."}]
        reason = {"errors": errors} if blocked else {}
        self._know(token, account, {
            "id": account, "display_phone_number": "+55 11 4000-0000", "verified_name": "Padaria Aurora",
            "health_status": {"can_send_message": can, "entities": [
                {"entity_type": "PHONE_NUMBER", "id": account, "can_send_message": "AVAILABLE"},
                {"entity_type": "WABA", "id": business, "can_send_message": can, **reason},
                {"entity_type": "BUSINESS", "id": "3330001", "can_send_message": "AVAILABLE"},
                {"entity_type": "APP", "id": app, "can_send_message": "AVAILABLE"},
            ]},
        })  # fmt: skip
        self._know(token, f"{business}/subscribed_apps", {"data": [{"whatsapp_business_api_data": {"id": app}}]})

    def page(self, account: str, token: str, *, fields: list[str] | None = None, instagram: str | None = None) -> None:
        """A Facebook page of this token, perhaps with its Instagram account."""
        own = {"instagram_business_account": {"id": instagram, "username": "padaria.aurora"}} if instagram else {}
        self._know(token, "me", {"id": account, "name": "Padaria Aurora", **own})
        subscribed = {"id": "5550001", "subscribed_fields": PAGE_FIELDS if fields is None else fields}
        self._know(token, f"{account}/subscribed_apps", {"data": [subscribed]})

    def instagram(self, account: str, token: str) -> None:
        """An Instagram account of this token of Instagram Login."""
        self._know(token, "me", {"user_id": account, "id": "9" * 17, "username": "padaria.aurora"})
        self._know(token, "me/subscribed_apps", {"data": [{"id": "5550001", "subscribed_fields": ["messages"]}]})

    def end(self, token: str) -> None:
        """The token's time is over."""
        self.tokens.discard(token)

    def _know(self, token: str, path: str, answer: dict[str, Any]) -> None:
        self.tokens.add(token)
        self.nodes[token, path] = answer

    def answer(self, path: str, token: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """Status and body of one GET."""
        self.asked.append((path, token))
        if self.status is not None:
            return self.status, {"error": {"code": 2, "message": "Service temporarily unavailable"}}
        if path == "refresh_access_token":
            return self._renew(query)
        if token not in self.tokens:
            return 400, {"error": EXPIRED}
        _version, _, node = path.partition("/")
        found = self.nodes.get((token, node))
        return (200, found) if found is not None else (400, {"error": hidden(node)})

    def _renew(self, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        token = query.get("access_token", [""])[0]
        if query.get("grant_type") != ["ig_refresh_token"] or token not in self.tokens:
            return 400, {"error": EXPIRED}
        self.renewed[token] = f"IGAArenewed{len(self.renewed)}" + "r" * 30
        self.tokens.add(self.renewed[token])
        return 200, {"access_token": self.renewed[token], "token_type": "bearer", "expires_in": 5_184_000}

    def reader(self, *, seconds: float = 5.0) -> AccountReader:
        """The product's own reader, pointed here."""
        transport = GraphTransport(total_seconds=seconds)
        return AccountReader(transport=transport, facebook_url=self.url, instagram_url=self.url, version="v24.0")


@contextmanager
def graph_accounts() -> Iterator[GraphAccounts]:
    """The server, while the block runs."""
    graph = GraphAccounts()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, body = graph.answer(address.path.strip("/"), token, parse_qs(address.query))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    graph.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield graph
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
