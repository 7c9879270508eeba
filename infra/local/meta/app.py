"""The sandbox over HTTP: the Graph API's paths, and /calls, /reads, /faults, /phone_numbers and /inbound for people."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from infra.local.fault_values import FaultRefused
from infra.local.json_body import json_object
from infra.local.meta.account_reads import read_number, read_subscriptions
from infra.local.meta.faults import read_faults
from infra.local.meta.graph_errors import GraphError
from infra.local.meta.phone_numbers import new_number
from infra.local.meta.sandbox import AnswerDropped, Customer, MetaSandbox
from infra.local.punctual import abort_connection

_MOST_REPEATS = 1000
_LONGEST_TEXT = 65_536


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
                Route("/phone_numbers/{phone_number_id}", self._register, methods=["PUT"]),
                Route("/inbound", self._inbound, methods=["POST"]),
                Route("/{version}/{phone_number_id}/messages", self._messages, methods=["POST"]),
                Route("/{version}/{object_id}", self._read, methods=["GET"]),
                Route("/{version}/{object_id}/subscribed_apps", self._read_subscriptions, methods=["GET"]),
            ]
        )

    async def _messages(self, request: Request) -> Response:
        try:
            _check_version(request.path_params["version"])
            answer = await self._sandbox.send(
                request.path_params["phone_number_id"], token=_token(request), payload=await _json(request)
            )
        except GraphError as error:
            return JSONResponse(error.body(), status_code=error.status, headers=error.headers())
        except AnswerDropped:
            await abort_connection(request.scope)
            return Response(status_code=500)
        return JSONResponse(answer)

    async def _read(self, request: Request) -> Response:
        return self._answer_read(request, read_number)

    async def _read_subscriptions(self, request: Request) -> Response:
        return self._answer_read(request, read_subscriptions)

    def _answer_read(self, request: Request, read: Callable[..., dict[str, Any]]) -> Response:
        try:
            _check_version(request.path_params["version"])
            answer = read(self._sandbox.numbers, request.path_params["object_id"], token=_token(request))
        except GraphError as error:
            return JSONResponse(error.body(), status_code=error.status, headers=error.headers())
        return JSONResponse(answer)

    async def _calls(self, _: Request) -> Response:
        return JSONResponse([asdict(call) for call in self._sandbox.record.calls])

    async def _clear(self, _: Request) -> Response:
        self._sandbox.record.clear()
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
        return JSONResponse(self._sandbox.faults.shown())

    async def _register(self, request: Request) -> Response:
        """Add or change a number: access_token, display_phone_number, account_id, expired, allowed_recipients."""
        phone_number_id = request.path_params["phone_number_id"]
        wanted = await json_object(request)
        numbers = self._sandbox.numbers
        number = numbers.get(phone_number_id) or new_number(phone_number_id, access_token="")
        for key, value in wanted.items():
            if key not in _NUMBER_FIELDS or not isinstance(value, _NUMBER_FIELDS[key]):
                raise HTTPException(400, f"{key} = {value!r} cannot be set; known are {', '.join(_NUMBER_FIELDS)}")
            setattr(number, key, value)
        if not number.access_token:
            raise HTTPException(400, "access_token is missing")
        numbers.register(number)
        return JSONResponse({key: value for key, value in asdict(number).items() if key != "access_token"})

    async def _inbound(self, request: Request) -> Response:
        wanted = await json_object(request)
        texts = wanted.get("text")
        texts = texts if isinstance(texts, list) else [texts]
        sender, repeat = wanted.get("from"), wanted.get("repeat", 1)
        if not isinstance(sender, str) or not sender.isascii() or not sender.isdigit():
            raise HTTPException(400, 'from must be a phone number in digits, such as "5511987654321"')
        if not all(isinstance(text, str) and 0 < len(text) <= _LONGEST_TEXT for text in texts):
            raise HTTPException(400, f"text must be a text of 1 to {_LONGEST_TEXT} characters, or a list of such texts")
        if not isinstance(repeat, int) or not 1 <= repeat <= _MOST_REPEATS:
            raise HTTPException(400, f"repeat must be a whole number from 1 to {_MOST_REPEATS}")
        sent = []
        for text in texts:
            customer = Customer(
                phone_number_id=str(wanted.get("phone_number_id") or self._sandbox.home),
                sender=sender,
                name=str(wanted.get("name") or "Cliente"),
                text=text,
            )
            try:
                wamid, codes = await self._sandbox.receive(customer, repeat=repeat)
            except GraphError as error:
                raise HTTPException(404, error.message) from error
            sent.append((wamid, codes))
        return JSONResponse(
            {"wamids": [wamid for wamid, _ in sent], "answers": [code for _, codes in sent for code in codes]}
        )


_NUMBER_FIELDS: dict[str, Any] = {
    "access_token": str,
    "display_phone_number": str,
    "account_id": str,
    "expired": bool,
    "allowed_recipients": list | None,
}


def _check_version(version: str) -> None:
    if not version.startswith("v") or not version[1:].replace(".", "", 1).isdigit():
        raise GraphError(2500, message=f"Unknown path components: /{version}")


def _token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.query_params.get("access_token")


async def _json(request: Request) -> object:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise GraphError(100, message="The request body is not valid JSON") from None
