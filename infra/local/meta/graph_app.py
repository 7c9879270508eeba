"""The Graph API's paths of both hosts: messages, media, conversations, tokens, and what an account says of itself."""

import email.parser
import email.policy
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.meta import nodes
from infra.local.meta.conversations import conversation, conversations
from infra.local.meta.graph_errors import GraphError, missing_parameter, unknown_object, wrong_parameter
from infra.local.meta.media import UPLOAD_DAYS, Blocked, Medium, check_upload
from infra.local.meta.sandbox import AnswerDropped, MetaSandbox
from infra.local.meta.sending import send
from infra.local.meta.tokens import debug_token, refresh_access_token
from infra.local.punctual import abort_connection

Answering = Callable[[Request], Awaitable[Response]]


class GraphApp:
    """Routes of one sandbox."""

    def __init__(self, sandbox: MetaSandbox) -> None:
        """Take the sandbox."""
        self._sandbox = sandbox
        reading, writing = ["GET"], ["POST"]
        self.routes = [
            Route("/lookaside/{media_id}", self._download, methods=reading),
            Route("/debug_token", _graph(self._debug_token), methods=reading),
            Route("/refresh_access_token", _graph(self._refresh), methods=reading),
            Route("/{version}/debug_token", _graph(self._debug_token), methods=reading),
            Route("/{version}/refresh_access_token", _graph(self._refresh), methods=reading),
            Route("/{version}/{node}/messages", _graph(self._messages), methods=writing),
            Route("/{version}/{node}/marketing_messages", _graph(self._messages), methods=writing),
            Route("/{version}/{node}/media", _graph(self._upload), methods=writing),
            Route("/{version}/{node}/conversations", _graph(self._conversations), methods=reading),
            Route("/{version}/{node}/phone_numbers", _graph(self._phone_numbers), methods=reading),
            Route("/{version}/{node}/subscribed_apps", _graph(self._subscribed), methods=["GET", "POST", "DELETE"]),
            Route("/{version}/{node}", _graph(self._node), methods=reading),
            Route("/{version}/{node}", _graph(self._delete), methods=["DELETE"]),
        ]

    async def _messages(self, request: Request) -> Response:
        payload = await _json(request)
        if request.url.path.endswith("/marketing_messages") and (
            not isinstance(payload, dict) or payload.get("type") != "template"
        ):
            raise wrong_parameter("type", "must be one of {TEMPLATE}")
        return JSONResponse(
            await send(self._sandbox, request.path_params["node"], token=token_of(request), payload=payload)
        )

    async def _upload(self, request: Request) -> Response:
        number = self._sandbox.numbers.authorised(request.path_params["node"], token_of(request))
        content, fields = _form(request.headers.get("content-type", ""), await request.body())
        if fields.get("messaging_product") != "whatsapp":
            raise missing_parameter("messaging_product")
        mime_type = fields.get("type") or fields.get("file_type", "")
        check_upload(content, mime_type)
        medium = self._sandbox.media.add(content, owner=number.phone_number_id, mime_type=mime_type, days=UPLOAD_DAYS)
        return JSONResponse({"id": medium.id})

    async def _download(self, request: Request) -> Response:
        """As lookaside.fbsbx.com: 404 when the link has ended, 401 without the token of the file's owner."""
        faults = self._sandbox.faults
        if faults.happens(faults.media_error_share):
            return Response(status_code=500)
        query = request.query_params
        found = self._sandbox.media.read(
            request.path_params["media_id"], ext=query.get("ext", ""), signature=query.get("hash", "")
        )
        if found is None:
            return Response(status_code=404)
        medium, content = found
        if not medium.public and not self._may_read(medium, token_of(request)):
            return Response(status_code=401)
        return Response(content, media_type=medium.mime_type)

    def _may_read(self, medium: Medium, token: str | None) -> bool:
        number = self._sandbox.numbers.get(medium.owner)
        return number is not None and not number.expired and token == number.access_token

    async def _node(self, request: Request) -> Response:
        node, token = request.path_params["node"], token_of(request)
        fields = request.query_params.get("fields", "")
        if self._sandbox.media.get(node) is not None or (node.isdigit() and not fields and not self._is_account(node)):
            return JSONResponse(self._medium(node, token, base=base_of(request)))
        found = nodes.read_node(self._sandbox, node, token=token, fields=fields)
        if found is None:
            accounts = nodes.accounts_of(self._sandbox, "me", token)
            found = conversation(self._sandbox.record, accounts, node_id=node, fields=fields)
        return JSONResponse(found)

    def _is_account(self, node: str) -> bool:
        numbers, pages = self._sandbox.numbers, self._sandbox.pages
        return bool(numbers.get(node) or numbers.of_account(node) or pages.with_id(node))

    def _medium(self, media_id: str, token: str | None, *, base: str) -> dict[str, Any]:
        """The file behind an id, with a link that ends."""
        medium = self._own_medium(media_id, token)
        seconds = self._sandbox.faults.media_url_seconds
        return {
            "url": self._sandbox.media.link(medium, base=base, seconds=seconds),
            "mime_type": medium.mime_type,
            "sha256": medium.sha256,
            "file_size": medium.size,
            "id": medium.id,
            "messaging_product": "whatsapp",
        }

    def _own_medium(self, media_id: str, token: str | None) -> Medium:
        if not self._sandbox.numbers.of_token(token):
            raise GraphError(190)
        medium = self._sandbox.media.find(media_id, asking=str(token))
        if not self._may_read(medium, token):
            raise unknown_object(media_id, method="get")
        return medium

    async def _delete(self, request: Request) -> Response:
        medium = self._own_medium(request.path_params["node"], token_of(request))
        self._sandbox.media.remove(medium)
        return JSONResponse({"success": True})

    async def _conversations(self, request: Request) -> Response:
        node, query = request.path_params["node"], request.query_params
        accounts = nodes.accounts_of(self._sandbox, node, token_of(request))
        if len(accounts) == 1:  # by its id or by `me`, a page answers for its Instagram account too
            accounts = self._sandbox.pages.of_token(token_of(request)) or accounts
        if not accounts:
            raise unknown_object(node, method="get")
        return JSONResponse(
            conversations(
                self._sandbox.record,
                accounts,
                platform=query.get("platform", ""),
                user_id=query.get("user_id", ""),
                fields=query.get("fields", ""),
            )
        )

    async def _phone_numbers(self, request: Request) -> Response:
        node, fields = request.path_params["node"], request.query_params.get("fields", "")
        return JSONResponse(nodes.numbers_edge(self._sandbox, node, token=token_of(request), fields=fields))

    async def _subscribed(self, request: Request) -> Response:
        return JSONResponse(
            nodes.subscribed_apps(
                self._sandbox,
                request.path_params["node"],
                token=token_of(request),
                method=request.method if request.method != "HEAD" else "GET",
                fields=request.query_params.get("subscribed_fields", ""),
            )
        )

    async def _debug_token(self, request: Request) -> Response:
        about = request.query_params.get("input_token")
        return JSONResponse(debug_token(self._sandbox, token=token_of(request), about=about))

    async def _refresh(self, request: Request) -> Response:
        query = request.query_params
        token = query.get("access_token")
        return JSONResponse(refresh_access_token(self._sandbox, token=token, grant_type=query.get("grant_type")))


def base_of(request: Request) -> str:
    """The sandbox's own address, as the caller reached it."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def token_of(request: Request) -> str | None:
    """The bearer token, of the header or of the query."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.query_params.get("access_token")


def _graph(answering: Answering) -> Answering:
    """Answer as the Graph API does, also when it refuses or the answer is dropped."""

    async def answered(request: Request) -> Response:
        try:
            _check_version(request.path_params.get("version", "v0"))
            return await answering(request)
        except GraphError as error:
            return JSONResponse(error.body(), status_code=error.status, headers=error.headers())
        except Blocked:
            slow_down = GraphError(80007, details="Too many requests for media that do not exist; try again later.")
            return JSONResponse(slow_down.body(), status_code=429)
        except AnswerDropped:
            await abort_connection(request.scope)
            return Response(status_code=500)

    return answered


def _check_version(version: str) -> None:
    if not version.startswith("v") or not version[1:].replace(".", "", 1).isdigit():
        raise GraphError(2500, message=f"Unknown path components: /{version}")


def _form(content_type: str, body: bytes) -> tuple[bytes, dict[str, str]]:
    """The file and the fields of a multipart form; `file_type` is what the file's own part says."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    content, fields = b"", {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        raw = part.get_payload(decode=True)
        value = raw if isinstance(raw, bytes) else b""
        if name == "file":
            content, fields["file_type"] = value, part.get_content_type()
        else:
            fields[str(name)] = value.decode("utf-8", "replace").strip()
    return content, fields


async def _json(request: Request) -> object:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise GraphError(100, message="The request body is not valid JSON") from None
