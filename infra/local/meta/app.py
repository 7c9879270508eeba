"""The sandbox over HTTP: the Graph API's paths (graph_app.py), and what people and tests command."""

import time
from dataclasses import asdict
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from infra.local.fault_values import FaultRefused
from infra.local.json_body import json_object
from infra.local.meta.accounts import CHANNELS as PAGE_CHANNELS
from infra.local.meta.accounts import PageAccount
from infra.local.meta.faults import CHANNELS, read_faults
from infra.local.meta.graph_app import GraphApp, base_of
from infra.local.meta.happenings import Impossible
from infra.local.meta.inbound import NobodyThere, tell
from infra.local.meta.phone_numbers import new_number
from infra.local.meta.sandbox import MetaSandbox
from infra.local.meta.windows import HOUR_SECONDS


class MetaApp:
    """Routes of one sandbox."""

    def __init__(self, sandbox: MetaSandbox) -> None:
        """Take the sandbox."""
        self._sandbox = sandbox
        self.router = Router(
            [
                Route("/calls", self._calls, methods=["GET"]),
                Route("/calls", self._clear, methods=["DELETE"]),
                Route("/reads", self._reads, methods=["GET"]),
                Route("/faults", self._faults, methods=["GET"]),
                Route("/faults", self._set_faults, methods=["POST"]),
                Route("/windows", self._set_window, methods=["POST"]),
                Route("/accounts", self._accounts, methods=["GET"]),
                Route("/accounts/{channel}/{account_id}", self._register_account, methods=["PUT"]),
                Route("/phone_numbers/{phone_number_id}", self._register, methods=["PUT"]),
                Route("/inbound", self._inbound, methods=["POST"]),
                *GraphApp(sandbox).routes,
            ]
        )

    async def _calls(self, request: Request) -> Response:
        channel = request.query_params.get("channel")
        calls = self._sandbox.record.calls
        return JSONResponse([asdict(call) for call in calls if channel in {None, call.channel}])

    async def _clear(self, _: Request) -> Response:
        """Forget calls, conversations and windows, and let everybody send and ask again."""
        self._sandbox.record.clear()
        self._sandbox.rates.clear()
        self._sandbox.media.forgive()
        return Response(status_code=204)

    async def _reads(self, _: Request) -> Response:
        return JSONResponse(self._sandbox.record.reads)

    async def _faults(self, _: Request) -> Response:
        return JSONResponse(self._sandbox.faults.shown())

    async def _set_faults(self, request: Request) -> Response:
        try:
            self._sandbox.faults = read_faults(await json_object(request))
        except FaultRefused as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=400)
        self._sandbox.rates.clear()
        return JSONResponse(self._sandbox.faults.shown())

    async def _set_window(self, request: Request) -> Response:
        """{channel?, account?, customer, hours_ago}: when the customer wrote last; null forgets it."""
        wanted = await json_object(request)
        channel, customer, hours = wanted.get("channel", "whatsapp"), wanted.get("customer"), wanted.get("hours_ago")
        if channel not in CHANNELS or not isinstance(customer, str):
            raise HTTPException(400, f"name the customer, and as channel one of {', '.join(CHANNELS)}")
        if hours is not None and (isinstance(hours, bool) or not isinstance(hours, int | float) or hours < 0):
            raise HTTPException(400, "hours_ago must be a number from 0, or null")
        account = str(wanted.get("account") or self._sandbox.home.get(channel, ""))
        at = None if hours is None else time.time() - hours * HOUR_SECONDS
        self._sandbox.record.set_window(channel, account, customer, at=at)
        return Response(status_code=204)

    async def _accounts(self, _: Request) -> Response:
        numbers = [{"channel": "whatsapp", **_without_tokens(asdict(one))} for one in self._sandbox.numbers.every()]
        return JSONResponse([*numbers, *(_without_tokens(asdict(one)) for one in self._sandbox.pages.every())])

    async def _register_account(self, request: Request) -> Response:
        """Add or change an account of Instagram or Messenger; see PageAccount."""
        channel, account_id = request.path_params["channel"], request.path_params["account_id"]
        if channel not in PAGE_CHANNELS:
            raise HTTPException(404, f"{channel} is not one of {', '.join(PAGE_CHANNELS)}")
        account = self._sandbox.pages.get(channel, account_id)
        account = account or PageAccount(channel=channel, account_id=account_id, access_token="")
        _change(account, await json_object(request), _ACCOUNT_FIELDS)
        self._sandbox.pages.register(account)
        return JSONResponse(_without_tokens(asdict(account)))

    async def _register(self, request: Request) -> Response:
        """Add or change a number; see PhoneNumber."""
        phone_number_id = request.path_params["phone_number_id"]
        numbers = self._sandbox.numbers
        number = numbers.get(phone_number_id) or new_number(phone_number_id, access_token="")
        _change(number, await json_object(request), _NUMBER_FIELDS)
        numbers.register(number)
        return JSONResponse(_without_tokens(asdict(number)))

    async def _inbound(self, request: Request) -> Response:
        try:
            told = await tell(self._sandbox, await json_object(request), link_base=base_of(request))
        except Impossible as impossible:
            raise HTTPException(400, str(impossible)) from impossible
        except NobodyThere as nobody:
            raise HTTPException(404, str(nobody)) from nobody
        return JSONResponse({"wamids": told.ids, "ids": told.ids, "answers": told.codes})


_NUMBER_FIELDS: dict[str, Any] = {
    "access_token": str,
    "display_phone_number": str,
    "account_id": str,
    "expired": bool,
    "allowed_recipients": list | None,
    "verified_name": str,
    "quality_rating": str,
    "portfolio_id": str,
    "can_send_message": str,
    "subscribed": bool,
    "templates": dict | None,
}
_ACCOUNT_FIELDS: dict[str, Any] = {
    "access_token": str,
    "login": str,
    "name": str,
    "username": str,
    "page_id": str,
    "expired": bool,
    "token_expires_at": int | None,
    "subscribed_fields": list,
}


def _change(what: object, wanted: dict[str, Any], fields: dict[str, Any]) -> None:
    for key, value in wanted.items():
        if key not in fields or not isinstance(value, fields[key]):
            raise HTTPException(400, f"{key} = {value!r} cannot be set; known are {', '.join(fields)}")
    if not (wanted.get("access_token") or getattr(what, "access_token", "")):
        raise HTTPException(400, "access_token is missing")
    for key, value in wanted.items():
        setattr(what, key, value)


def _without_tokens(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in {"access_token", "earlier_tokens"}}
