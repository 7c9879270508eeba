"""Embedders behind HTTP: an OpenAI-compatible address, and Vertex AI. Bounded in time, never repeated, all accounted.

A call that fails is Unavailable: whoever asked decides whether and when to try again.
"""

import base64
import binascii
import json
import math
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from shared.kit.errors import Unavailable
from shared.knowledge.embedding import DIMENSIONS, Vectors
from shared.knowledge.embedding_calls import EmbeddingLedger
from shared.platform.google_tokens import AccessTokenSource
from shared.platform.model_transport import (
    AnswerTooLarge,
    Body,
    ModelRefused,
    NoAnswer,
    NoAnswerInTime,
    post,
)
from shared.usage.models import CallUsage, StartedCall

CALL_SECONDS: Final = 20.0  # of one call; a batch takes one or two
BATCH: Final = 100  # texts of one call: an answer of a megabyte; the API takes 2,048
TEXT_LIMIT: Final = (
    6000  # characters of one text, at most 3,000 tokens of the 8,192 (2,048 of Gemini's are 6,000 letters)
)
_ANSWER_BYTES: Final = 8 * 1024 * 1024
_SERVER_TROUBLE: Final = 500
_TOKENS_PER_CHARACTER: Final = 0.5  # no Portuguese text has more; what is reserved must be enough


class _Answering:
    """What both have in common: batches, the ledger, vectors of unit length."""

    model: str
    dimensions: int = DIMENSIONS
    provider: str
    batch: int

    def __init__(self, *, ledger: EmbeddingLedger | None, seconds: float) -> None:
        self._ledger = ledger
        self._seconds = seconds

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of unit length, shape (len(texts), 1536), in as many calls as it takes. Raises Unavailable."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        said = [place for place, text in enumerate(texts) if text.strip()]  # the APIs refuse what says nothing
        for start in range(0, len(said), self.batch):
            places = said[start : start + self.batch]
            vectors[places] = self._accounted([texts[place][:TEXT_LIMIT] for place in places])
        return vectors

    def _accounted(self, texts: list[str]) -> Vectors:
        most = sum(math.ceil(len(text) * _TOKENS_PER_CHARACTER) + 2 for text in texts)
        call = None
        if self._ledger is not None:
            name = f"{self.provider}:{self.model}"
            call = self._ledger.start(model=name, purpose="embedding", most=CallUsage(input_tokens=most))
        try:
            raw = self._post(texts)
        except ModelRefused as refused:
            # a status of 400 to 499 is a refusal before anything was done; a server's trouble may be billed
            self._finish(call, tokens=None, failed=refused.status < _SERVER_TROUBLE, code=f"status_{refused.status}")
            raise Unavailable(f"the embedding model answered with status {refused.status}", retry_after=30) from refused
        except (NoAnswer, AnswerTooLarge) as lost:
            late = "in time" if isinstance(lost, NoAnswerInTime) else "whole"
            self._finish(call, tokens=None, failed=False, code="no_answer")  # perhaps it was made, and is billed
            raise Unavailable(f"the embedding model's answer did not come {late}", retry_after=30) from lost
        vectors, tokens = _read(raw, self._parse, count=len(texts))
        self._finish(call, tokens=tokens, failed=False, code=None if vectors is not None else "bad_answer")
        if vectors is None:
            raise Unavailable("the embedding model's answer cannot be used", retry_after=60)
        return vectors

    def _finish(self, call: StartedCall | None, *, tokens: int | None, failed: bool, code: str | None) -> None:
        if self._ledger is None or call is None:
            return
        usage = None if tokens is None else CallUsage(input_tokens=tokens)
        self._ledger.finish(call, usage=usage, state="failed" if failed else "succeeded", error_code=code)

    def _post(self, texts: list[str]) -> bytes:
        raise NotImplementedError

    def _parse(self, answer: Any) -> tuple[list[Any], int | None]:
        """The vectors in the texts' order, and the tokens. May raise KeyError, TypeError, ValueError, IndexError."""
        raise NotImplementedError


class OpenAiEmbedder(_Answering):
    """POST {url}/embeddings, as OpenAI documents it (API reference, "Embeddings"), with 1,536 dimensions."""

    provider = "openai"
    batch = BATCH

    def __init__(
        self, url: str, *, model: str, key: str, ledger: EmbeddingLedger | None = None, seconds: float = CALL_SECONDS
    ) -> None:
        """`url` is the API's base, such as https://api.openai.com/v1."""
        super().__init__(ledger=ledger, seconds=seconds)
        self.model = model
        self._url = f"{url.rstrip('/')}/embeddings"
        self._key = key

    def _post(self, texts: list[str]) -> bytes:
        # base64 is a third of the digits' size; servers that do not know it answer with digits
        asked = {"model": self.model, "input": texts, "dimensions": DIMENSIONS, "encoding_format": "base64"}
        return _send(self._url, asked, key=self._key, seconds=self._seconds)

    def _parse(self, answer: Any) -> tuple[list[Any], int | None]:
        data = sorted(answer["data"], key=lambda item: item["index"])
        usage = answer.get("usage") or {}
        return [_numbers(item["embedding"]) for item in data], _whole_number(usage.get("prompt_tokens"))


class GeminiEmbedder(_Answering):
    """Vertex AI's predict method for gemini-embedding-001 (Vertex AI reference, "Text embeddings").

    It takes one text a call. What it gives at fewer than 3,072 dimensions has no unit length.
    """

    model = "gemini-embedding-001"
    provider = "google"
    batch = 1

    def __init__(
        self,
        *,
        url: str,
        task: str,
        token: AccessTokenSource,
        ledger: EmbeddingLedger | None = None,
        seconds: float = CALL_SECONDS,
    ) -> None:
        """`task` is RETRIEVAL_DOCUMENT or RETRIEVAL_QUERY."""
        super().__init__(ledger=ledger, seconds=seconds)
        self._url = url
        self._task = task
        self._token = token

    def _post(self, texts: list[str]) -> bytes:
        asked = {
            "instances": [{"content": text, "task_type": self._task} for text in texts],
            "parameters": {"outputDimensionality": DIMENSIONS},
        }
        return _send(self._url, asked, key=self._token(), seconds=self._seconds)

    def _parse(self, answer: Any) -> tuple[list[Any], int | None]:
        embeddings = [prediction["embeddings"] for prediction in answer["predictions"]]
        tokens = [_whole_number((each.get("statistics") or {}).get("token_count")) for each in embeddings]
        told = None if None in tokens else sum(count for count in tokens if count is not None)
        return [each["values"] for each in embeddings], told


def _send(url: str, asked: dict[str, Any], *, key: str, seconds: float) -> bytes:
    body = Body("application/json", (json.dumps(asked).encode(),))
    return post(url, body, key=key, ends_at=time.monotonic() + seconds, most_bytes=_ANSWER_BYTES)


def _read(raw: bytes, parse: Any, *, count: int) -> tuple[Vectors | None, int | None]:
    """The vectors, None when the answer has not one of 1,536 usable numbers for each text, and the tokens."""
    tokens = None
    try:
        found, tokens = parse(json.loads(raw))
        vectors = np.array(found, dtype=np.float32)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError):
        return None, tokens
    if vectors.shape != (count, DIMENSIONS) or not np.isfinite(vectors).all():
        return None, tokens
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        return None, tokens
    return vectors / lengths, tokens


def _numbers(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4")
    except binascii.Error:
        raise ValueError("no base64") from None


def _whole_number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
