"""The sandbox over HTTP: the model's one path, and what people and tests command."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, Router

from infra.local.fault_values import FaultRefused
from infra.local.json_body import json_object
from infra.local.models.faults import REFUSALS, SILENCES, ModelFaults, read_faults
from infra.local.models.invoice import DEFAULT_PRICE, Call, Invoice, read_prices
from infra.local.models.scripted import Said, Script, honest
from infra.local.models.wire import CALL_ID_HEADER, completion, error_body, spoiled, usage_of, with_refusal
from infra.local.punctual import abort_connection

# made up, like everything here: a thousand tokens in and a hundred out cost $ 0.003
_PRICES = {DEFAULT_PRICE: {"input": "2", "output": "10", "cached": "0.5"}}
_UNBILLED = {*REFUSALS, "reset_before", "error_body"}
_ENDLESS_PIECE = b" " * 65_536


class ModelSandbox:
    """The state: faults, script, calls and invoice. `script` is what the model says; another one may be put there."""

    def __init__(self, *, folder: Path) -> None:
        """Take the folder for the invoice."""
        self.faults = ModelFaults()
        self.script: Script = honest
        self.invoice = Invoice(folder / "model_invoice.jsonl", prices=read_prices(_PRICES))

    def start(self) -> None:
        """Read the invoice and go on with it."""
        self.invoice.open()

    def stop(self) -> None:
        """Close the invoice."""
        self.invoice.close()


class ModelApp:
    """Routes of one sandbox: the base URL for a client is `…/v1`."""

    def __init__(self, sandbox: ModelSandbox) -> None:
        """Take the sandbox."""
        self._sandbox = sandbox
        self.router = Router(
            [
                Route("/v1/chat/completions", self._complete, methods=["POST"]),
                Route("/calls", self._calls, methods=["GET"]),
                Route("/calls", self._clear, methods=["DELETE"]),
                Route("/invoice", self._invoice, methods=["GET"]),
                Route("/prices", self._set_prices, methods=["PUT"]),
                Route("/faults", self._faults, methods=["GET"]),
                Route("/faults", self._set_faults, methods=["POST"]),
            ]
        )

    async def _complete(self, request: Request) -> Response:
        sandbox = self._sandbox
        body = await json_object(request)
        model = str(body.get("model"))
        kind = sandbox.faults.kind_for(model)
        call = Call(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            call_id=request.headers.get(CALL_ID_HEADER),
            model=model,
            kind=kind,
            billed=kind not in _UNBILLED,
            request=body,
        )
        sandbox.invoice.calls.append(call)
        if call.billed:
            said = spoiled(kind, sandbox.script(body))
            used = usage_of(body, said)
            sandbox.invoice.bill(
                call,
                input_tokens=used.input_tokens,
                output_tokens=used.output_tokens,
                cached_tokens=0,
                answered=kind not in {*SILENCES, "endless"},
            )
            if sandbox.faults.delay_ms:
                await asyncio.sleep(sandbox.faults.delay_ms / 1000)
            return await self._answer(request, call, said)
        if kind == "reset_before":
            return await _cut(request)
        if kind == "error_body":
            return JSONResponse(error_body(500))
        headers = (
            {"Retry-After": f"{sandbox.faults.retry_after_seconds:g}"} if kind == "rate_limited_with_delay" else {}
        )
        return JSONResponse(error_body(REFUSALS[kind]), status_code=REFUSALS[kind], headers=headers)

    async def _answer(self, request: Request, call: Call, said: Said) -> Response:
        """The answer of a call that is billed."""
        if call.kind == "hang":
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return Response()
        if call.kind == "reset_after":
            return await _cut(request)
        if call.kind == "endless":
            return StreamingResponse(_endless(), media_type="application/json")
        if call.kind == "not_json":
            return Response(b"<html>It works!</html>", media_type="text/html")
        used = None if call.kind == "usage_missing" else usage_of(call.request, said)
        body = completion(call.model, said, used)
        return Response(
            json.dumps(with_refusal(body) if call.kind == "refusal" else body), media_type="application/json"
        )

    async def _calls(self, _: Request) -> Response:
        return JSONResponse([asdict(call) for call in self._sandbox.invoice.calls])

    async def _clear(self, _: Request) -> Response:
        """Forget calls and invoice."""
        self._sandbox.invoice.clear()
        return Response(status_code=204)

    async def _invoice(self, _: Request) -> Response:
        invoice = self._sandbox.invoice
        return JSONResponse({"lines": [asdict(line) for line in invoice.lines], "total_usd": invoice.total_usd})

    async def _set_prices(self, request: Request) -> Response:
        """{model: {"input", "output", "cached"?}}, in US dollars for a million tokens; others keep theirs."""
        try:
            self._sandbox.invoice.prices |= read_prices(await json_object(request))
        except ValueError as wrong:
            raise HTTPException(400, str(wrong)) from wrong
        return Response(status_code=204)

    async def _faults(self, _: Request) -> Response:
        return JSONResponse(self._sandbox.faults.shown())

    async def _set_faults(self, request: Request) -> Response:
        wanted: dict[str, Any] = await json_object(request)
        try:
            self._sandbox.faults = read_faults(wanted)
        except FaultRefused as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=400)
        return JSONResponse(self._sandbox.faults.shown())


async def _cut(request: Request) -> Response:
    """The answer that nobody gets."""
    await abort_connection(request.scope)
    return Response()


async def _endless() -> AsyncIterator[bytes]:
    """White space, which is the beginning of any JSON, for an hour or until nobody reads it any more."""
    ends_at = time.monotonic() + 3600
    while time.monotonic() < ends_at:
        yield _ENDLESS_PIECE
        await asyncio.sleep(0)
