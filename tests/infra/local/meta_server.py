"""The Meta sandbox behind the gateway's protocol, with a receiver for its webhooks."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from infra.local.directory import Directory
from infra.local.fetch import Fetcher
from infra.local.gateway.app import refusal
from infra.local.listener import Listener
from infra.local.meta.accounts import PageAccount
from infra.local.meta.app import MetaApp
from infra.local.meta.sandbox import MetaSandbox
from infra.local.meta.webhooks import Receiver
from tests.infra.local.loop_thread import LoopThread
from tests.infra.local.worker import Answer, Worker
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP_SECRET = "app secret of the test"  # noqa: S105 - of the sandbox
TOKEN = "EAAtoken-of-the-test"  # noqa: S105 - of the sandbox
PHONE = "106540352242922"
CUSTOMER = "5511987654321"
INSTAGRAM_APP_SECRET = "secret of the Instagram app"  # noqa: S105 - of the sandbox
INSTAGRAM_TOKEN = "IGAAtoken-of-the-test"  # noqa: S105 - of the sandbox
PAGE_TOKEN = "EAApage-token-of-the-test"  # noqa: S105 - of the sandbox
INSTAGRAM = "17841400000000001"
PAGE = "110000000000001"
PERSON = "6100000000000001"
ACCOUNTS = (
    PageAccount(channel="instagram", account_id=INSTAGRAM, access_token=INSTAGRAM_TOKEN, login="instagram"),
    PageAccount(channel="messenger", account_id=PAGE, access_token=PAGE_TOKEN),
)


class MetaServer:
    """Sandbox, client and receiver together. `restart` ends the sandbox and starts another on the same folder."""

    def __init__(self, loop: LoopThread, folder: Path) -> None:
        self.loop = loop
        self.receiver = Worker()
        self._folder = folder
        loop.run(self.receiver.start())
        self._start()

    def send(
        self, text: str = "Olá!", /, *, token: str | None = TOKEN, phone: str = PHONE, **fields: Any
    ) -> httpx.Response:
        """Send a text message; `fields` replace or add to the payload's."""
        payload = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": CUSTOMER,
            "type": "text",
            "text": {"body": text},
            **fields,
        }
        return self.post(payload, token=token, phone=phone)

    def post(self, payload: object, *, token: str | None = TOKEN, phone: str = PHONE) -> httpx.Response:
        """Post any payload to the messages endpoint."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.post(f"/v24.0/{phone}/messages", json=payload, headers=headers)

    def write(
        self, channel: str, message: dict[str, Any] | None = None, *, token: str | None = None, **fields: Any
    ) -> httpx.Response:
        """Send on Instagram or Messenger; `fields` replace or add to the payload's."""
        account, own = (INSTAGRAM, INSTAGRAM_TOKEN) if channel == "instagram" else ("me", PAGE_TOKEN)
        payload = {
            "recipient": {"id": PERSON},
            **({"messaging_type": "RESPONSE"} if channel == "messenger" else {}),
            **({} if message is None else {"message": message}),
            **fields,
        }
        return self.post(payload, token=token or own, phone=account)

    def get(self, path: str, *, token: str = TOKEN, **parameters: str) -> httpx.Response:
        """Ask the Graph API."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.get(f"/v24.0/{path}", params=parameters, headers=headers)

    def happen(self, **wanted: Any) -> httpx.Response:
        """Let something happen, by POST /inbound."""
        customer = CUSTOMER if wanted.get("channel", "whatsapp") == "whatsapp" else PERSON
        return self.client.post("/inbound", json={"from": customer, **wanted})

    def events(self) -> list[dict[str, Any]]:
        """What the receiver was told of Instagram and Messenger, in order."""
        bodies = [json.loads(received.body) for received in self.receiver.received]
        return [
            item
            for body in bodies
            for entry in body["entry"]
            for place in ("messaging", "standby")
            for item in entry.get(place, [])
        ]

    def calls(self) -> list[dict[str, Any]]:
        """The accepted calls."""
        calls: list[dict[str, Any]] = self.client.get("/calls").json()
        return calls

    def set_faults(self, **faults: Any) -> httpx.Response:
        """Misbehave like this from now on."""
        return self.client.post("/faults", json=faults)

    def webhooks(self) -> list[dict[str, Any]]:
        """The values of all changes that the receiver has got, in order."""
        bodies = [json.loads(received.body) for received in self.receiver.received]
        return [change["value"] for body in bodies for entry in body["entry"] for change in entry.get("changes", [])]

    def statuses(self) -> list[dict[str, Any]]:
        """All statuses that the receiver has got, in order."""
        return [status for value in self.webhooks() for status in value.get("statuses", [])]

    def reset(self) -> None:
        """As new, for the next test; what the last one has left to come is waited for."""
        self.receiver.answer = lambda _: Answer()
        eventually(lambda: not list(self.sandbox.record.owed()) and not list(self.sandbox.record.owed_inbound()))
        self.set_faults(status_delay_ms=20)
        self.client.delete("/calls")
        self.receiver.reset()

    def restart(self) -> None:
        """Stop, and start again on the same folder."""
        self._stop()
        self._start()

    def close(self) -> None:
        """End everything."""
        self._stop()
        self.loop.run(self.receiver.stop())

    def _start(self) -> None:
        self.loop.run(self._start_sandbox())
        self.client = httpx.Client(base_url=f"{self._listener.url}/sandbox/meta", timeout=20)

    async def _start_sandbox(self) -> None:
        self._listener = Listener(0)
        self._fetcher = Fetcher(Directory(gateway=self._listener.url))
        self.sandbox = MetaSandbox(
            folder=self._folder,
            receiver=Receiver(url=self.receiver.url, app_secret=APP_SECRET, instagram_app_secret=INSTAGRAM_APP_SECRET),
            fetcher=self._fetcher,
        )
        self.sandbox.adopt(PHONE, access_token=TOKEN)
        for account in ACCOUNTS:
            self.sandbox.adopt_account(dataclasses.replace(account))
        application = Starlette(
            routes=[Mount("/sandbox/meta", app=MetaApp(self.sandbox).router)],
            exception_handlers={HTTPException: refusal},
        )
        await self._listener.serve(application)
        self.sandbox.start()

    def _stop(self) -> None:
        self.client.close()
        self.loop.run(self._stop_sandbox())

    async def _stop_sandbox(self) -> None:
        await self.sandbox.stop()
        await self._listener.close()
        await self._fetcher.close()


@contextlib.contextmanager
def running_meta_server(folder: Path) -> Iterator[MetaServer]:
    """A sandbox on a folder."""
    with LoopThread() as loop:
        server = MetaServer(loop, folder)
        try:
            yield server
        finally:
            server.close()
