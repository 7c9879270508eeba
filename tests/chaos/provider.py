"""The outside world of a soak, a process of its own: Meta's Graph API, a model with an invoice, OIDC certificates.

Messages come in WhatsApp's form or in that of Instagram and Messenger, and are answered in the same.

    python -m tests.chaos.provider SEED LOG CERTIFICATES STATUS_URL [FAULT=SHARE …]

Accepted messages and invoiced calls are lines of the file LOG, a message with the times (s) at which it came and was
accepted: far apart, the machine was too busy for the soak's short times. Each accepted message is reported by status
webhooks to STATUS_URL with our id, like the provider's. Faults are shares of all messages: answer_dropped (accepted,
the answer is cut), error_500, refused (130429), status_lost. The first line written to stdout is the port;
the process ends when its stdin does.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

STATUS_DELAY = 0.05  # seconds; the order is kept apart from the answer's
STATUS_TRIES = 100


class World:
    """What all requests share."""

    def __init__(self, arguments: list[str]) -> None:
        seed, log, self.certificates, self.status_url, *faults = arguments
        self.chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
        self.faults = {name: float(share) for name, share in (fault.split("=") for fault in faults)}
        self.lock = threading.Lock()
        self.writing = threading.Lock()  # a busy disk must not hold up what the provider knows
        self.log = Path(log).open("a")  # noqa: SIM115 - as long as the process
        self.accepted = 0
        self.conversations: dict[str, list[dict[str, Any]]] = {}  # by customer, newest first
        self.reporters = ThreadPoolExecutor(max_workers=4)

    def happens(self, fault: str) -> bool:
        """Whether this fault strikes now."""
        with self.lock:
            return self.chance.random() < self.faults.get(fault, 0.0)

    def accept(self, line: dict[str, Any], *, said: dict[str, Any] | None = None) -> None:
        """Numbers one line in the order of acceptance and writes it; `said` is what the customer's conversation shows.

        Whoever asks for the conversation from now on finds the message, however long the disk takes.
        """
        with self.lock:
            self.accepted += 1
            numbered = {"n": self.accepted, "at": time.time(), **line}
            if said is not None:
                self.conversations.setdefault(line["to"], []).insert(0, said)
        with self.writing:
            self.log.write(json.dumps(numbered) + "\n")
            self.log.flush()

    def report(self, message_id: str, key: str | None, **said: str) -> None:
        """Sends the message's statuses, later."""

        def send() -> None:
            for status in ("sent", "delivered"):
                time.sleep(STATUS_DELAY)
                body = json.dumps({"status": status, "id": message_id, "key": key, **said}).encode()
                self._post_status(body)

        if key is not None and not self.happens("status_lost"):
            self.reporters.submit(send)

    def _post_status(self, body: bytes) -> None:
        """Tried again until it is acknowledged, as the real one does (for days)."""
        request = urllib.request.Request(self.status_url, data=body, method="POST")  # noqa: S310 - our own server
        for _ in range(STATUS_TRIES):
            try:
                urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - idem
            except OSError:
                time.sleep(0.2)
            else:
                return


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    world: World
    came_at: float

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path.endswith("/conversations"):
            said = self.world.conversations.get(parse_qs(asked.query)["user_id"][0], [])
            self._answer(200, {"data": [{"id": "t_1", "messages": {"data": said[:25]}}]})
        else:
            self._answer(200, json.loads(Path(self.world.certificates).read_text()))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.came_at = time.time()
        if self.path == "/model":
            self._model(body)
        elif "status" in body or "sender_action" in body:
            self._answer(200, {"success": True})  # a read mark or "typing": a courtesy, no message
        else:
            self._message(body)

    def _model(self, body: dict[str, Any]) -> None:
        cost = "0.0012345678"
        self.world.accept({"kind": "call", "attempt": body["attempt"], "cost": cost})
        mark = f"re:{body['from']}-{body['to']}"
        text = f"{mark} primeira parte da resposta."
        if any("[long]" in said for said in body["texts"]):
            text = f"{text} {mark} segunda parte da resposta."
        self._answer(200, {"text": text, "cost": cost, "input_tokens": 11, "output_tokens": 7})

    def _message(self, body: dict[str, Any]) -> None:
        if self.world.happens("error_500"):
            self._answer(500, {"error": {"code": 131000, "message": "unknown"}})
        elif self.world.happens("refused"):
            self._answer(429, {"error": {"code": 130429, "message": "slow down"}})
        else:
            self._accept(body)

    def _accept(self, body: dict[str, Any]) -> None:
        message_id = f"wamid.{self.world.chance.getrandbits(64):016x}.{time.monotonic_ns()}"
        is_page = "message" in body
        key = body["message"]["metadata"] if is_page else body.get("biz_opaque_callback_data")
        to = body["recipient"]["id"] if is_page else body["to"]
        text = body["message"]["text"] if is_page else body["text"]["body"]
        line = {"kind": "message", "key": key, "to": to, "text": text, "message_id": message_id}
        written = datetime.now(UTC).isoformat(timespec="seconds")
        said = {"id": message_id, "created_time": written, "from": {"id": "page"}, "message": text}
        self.world.accept({**line, "came_at": self.came_at}, said=said if is_page else None)
        self.world.report(message_id, key, to=to, text=text)
        if self.world.happens("answer_dropped"):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        accepted = {"messaging_product": "whatsapp", "messages": [{"id": message_id}]}
        self._answer(200, {"recipient_id": to, "message_id": message_id} if is_page else accepted)

    def _answer(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
        except OSError:
            self.close_connection = True  # the worker is dead

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Many workers connect at once."""

    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        pass  # connections of killed workers


def end_with_the_test() -> None:
    """The other end of stdin is the test: when it closes, or dies, this process ends."""
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    Handler.world = World(sys.argv[1:])
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)  # noqa: T201 - how the test learns the port
    threading.Thread(target=end_with_the_test, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
