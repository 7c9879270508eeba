"""One attempt of one task: the HTTP request that Cloud Tasks would send, with its headers and its OIDC token."""

from urllib.parse import quote

from infra.local.fetch import Fetcher, NoAnswer
from infra.local.tasks.messages import Message, seconds
from infra.local.tasks.runner import Entry, Outcome
from infra.local.tokens import TokenSigner

_METHODS = ("POST", "POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
_OWN_HEADERS = ("host", "content-length", "user-agent", "authorization")
_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"  # the rest is encoded, as the service does
_OWN_PREFIXES = ("x-cloudtasks-", "x-google-", "x-appengine-")


class TaskDelivery:
    """Sends tasks to their workers."""

    def __init__(self, *, fetcher: Fetcher, tokens: TokenSigner) -> None:
        """Take the connections and the signer of OIDC tokens."""
        self._fetcher = fetcher
        self._tokens = tokens

    async def deliver(self, entry: Entry) -> Outcome:
        """Send the task once and listen up to its dispatch deadline; the worker may go on after that."""
        task = entry.message
        request = task.http_request
        try:
            answer = await self._fetcher.call(
                _METHODS[request.http_method],
                quote(request.url, safe=_URL_CHARACTERS),
                headers=self._headers(entry),
                body=request.body or None,
                timeout_seconds=seconds(task.dispatch_deadline),
            )
        except NoAnswer as failure:
            return Outcome(status=None, detail=str(failure))
        return Outcome(status=answer.status, retry_after=_retry_after(answer.headers.get("Retry-After")))

    def _headers(self, entry: Entry) -> dict[str, str]:
        task = entry.message
        request = task.http_request
        headers = {name: value for name, value in request.headers.items() if not _is_own(name)}
        queue, _, task_id = task.name.rpartition("/tasks/")
        headers |= {
            "User-Agent": "Google-Cloud-Tasks",
            "X-CloudTasks-QueueName": queue.rpartition("/")[2],
            "X-CloudTasks-TaskName": task_id,
            "X-CloudTasks-TaskRetryCount": str(task.dispatch_count - 1),
            "X-CloudTasks-TaskExecutionCount": str(task.response_count),
            "X-CloudTasks-TaskETA": f"{seconds(task.schedule_time):.6f}",
        }
        if entry.previous_status is not None:
            headers["X-CloudTasks-TaskPreviousResponse"] = str(entry.previous_status)
        if request.HasField("oidc_token"):
            headers["Authorization"] = f"Bearer {self._token(request)}"
        return headers

    def _token(self, request: Message) -> str:
        oidc = request.oidc_token
        return self._tokens.token(audience=oidc.audience or request.url, email=oidc.service_account_email)


def _is_own(name: str) -> bool:
    lower = name.lower()
    return lower in _OWN_HEADERS or lower.startswith(_OWN_PREFIXES)


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header; dates are rare and are left aside."""
    return float(value) if value is not None and value.isascii() and value.isdigit() else None
