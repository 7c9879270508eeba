"""Paid models of vectors over HTTP: in batches, in time, never repeated, each call written down before it is made."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
import pytest

from shared.kit.errors import Rejected, Unavailable
from shared.knowledge.embedders import GEMINI, OPENAI, Embedders
from shared.knowledge.embedding import HashedNgrams
from shared.knowledge.remote_embedding import GeminiEmbedder, OpenAiEmbedder
from shared.platform.settings import EmbeddingSettings
from shared.usage.models import CallState, CallUsage, Purpose, SpendingLimitReached, StartedCall
from tests.knowledge.ingesting import embedders
from tests.knowledge.sites import mirrored

if TYPE_CHECKING:
    from tests.knowledge.sites import Site


@dataclass
class Ledger:
    """Keeps what is written down."""

    started: list[tuple[str, str, int]] = field(default_factory=list)
    finished: list[tuple[int | None, bool]] = field(default_factory=list)

    def start(self, *, model: str, purpose: Purpose = "answer", most: CallUsage) -> StartedCall:
        self.started.append((model, purpose, most.input_tokens))
        return StartedCall(uuid4(), "", model)

    def finish(
        self,
        call: StartedCall,
        *,
        usage: CallUsage | None,
        state: CallState = "succeeded",
        error_code: str | None = None,
    ) -> None:
        assert call.model
        assert (usage is None) <= (error_code is not None)
        self.finished.append((None if usage is None else usage.input_tokens, state == "failed"))


def openai(site: Site, ledger: Ledger | None = None, seconds: float = 5.0) -> OpenAiEmbedder:
    return OpenAiEmbedder(f"{site.url}/v1/", model=OPENAI, key="sk-test", ledger=ledger, seconds=seconds)


@pytest.mark.parametrize("as_digits", [True, False])
def test_vectors_come_in_batches_in_the_texts_order(site: Site, *, as_digits: bool) -> None:
    site.as_digits = as_digits
    texts = [f"bolo {n}" for n in range(230)]
    ledger = Ledger()
    vectors = openai(site, ledger).embed(texts)
    assert np.allclose(vectors, mirrored(texts), atol=1e-6)
    assert [len(call["input"]) for call in site.calls] == [100, 100, 30]
    assert (site.calls[0]["model"], site.calls[0]["dimensions"]) == (OPENAI, 1536)
    assert set(site.keys) == {"Bearer sk-test"}
    assert ledger.finished == [(500, False), (500, False), (150, False)]
    assert all(model == f"openai:{OPENAI}" and most >= 500 for model, _, most in ledger.started[:2])
    assert {purpose for _, purpose, _ in ledger.started} == {"embedding"}


def test_gemini_takes_one_text_a_call_knows_questions_from_documents_and_has_no_unit_length(site: Site) -> None:
    ledger = Ledger()
    embedder = GeminiEmbedder(
        url=f"{site.url}/predict", task="RETRIEVAL_QUERY", token=lambda: "ya29.test", ledger=ledger
    )
    vectors = embedder.embed(["bolo", " ", "torta"])
    assert np.allclose(vectors, mirrored(["bolo", "", "torta"]), atol=1e-6)
    assert [call["instances"][0]["task_type"] for call in site.calls] == ["RETRIEVAL_QUERY"] * 2
    assert [call["parameters"] for call in site.calls] == [{"outputDimensionality": 1536}] * 2
    assert (site.keys[0], ledger.finished) == ("Bearer ya29.test", [(7, False), (7, False)])


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_a_refused_call_is_not_repeated(site: Site, status: int) -> None:
    site.statuses = [status]
    ledger = Ledger()
    with pytest.raises(Unavailable, match=str(status)):
        openai(site, ledger).embed(["bolo"])
    assert (len(site.keys), ledger.finished) == (1, [(None, status < 500)]), "a server's trouble may be billed"


def test_an_answer_that_does_not_come_in_time_may_be_billed(site: Site) -> None:
    site.is_slow = True
    ledger = Ledger()
    began = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        openai(site, ledger, seconds=0.3).embed(["bolo"])
    assert time.monotonic() - began < 3
    assert ledger.finished == [(None, False)]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": [1, 2]}], "usage": {"prompt_tokens": 3}}',
        b'{"data": [{"index": 0, "embedding": "%%%"}]}',
        b'{"data": [{"index": null, "embedding": 1}, {"index": 1, "embedding": 1}]}',
        json.dumps({"data": [{"index": 0, "embedding": [0.0] * 1536}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": [float("nan")] * 1536}]}).encode(),
    ],
)
def test_an_answer_that_is_no_vector_is_refused_and_accounted(site: Site, answer: bytes) -> None:
    site.answer = answer
    ledger = Ledger()
    with pytest.raises(Unavailable, match="cannot be used"):
        openai(site, ledger).embed(["bolo"])
    assert [failed for _, failed in ledger.finished] == [False]


def test_a_call_that_may_not_be_made_is_not(site: Site) -> None:
    class Full(Ledger):
        def start(self, *, model: str, purpose: Purpose = "answer", most: CallUsage) -> StartedCall:
            raise SpendingLimitReached(model, purpose, most)

    with pytest.raises(SpendingLimitReached):
        openai(site, Full()).embed(["bolo"])
    assert site.calls == []


def test_a_models_name_says_who_embeds(site: Site) -> None:
    made = embedders(site, embedding_vertex_location="southamerica-east1", google_cloud_project="p")
    assert isinstance(made.for_questions(HashedNgrams.model), HashedNgrams)
    assert made.for_documents(OPENAI).model == OPENAI
    gemini = made.for_questions(GEMINI)
    assert isinstance(gemini, GeminiEmbedder)
    assert gemini._url == (  # noqa: SLF001 - Google's own address cannot be called here
        "https://southamerica-east1-aiplatform.googleapis.com/v1/projects/p/locations/southamerica-east1"
        "/publishers/google/models/gemini-embedding-001:predict"
    )


@pytest.mark.parametrize(
    ("model", "code"),
    [(OPENAI, "embedding_not_configured"), (GEMINI, "embedding_not_configured"), ("gpt", "embedding_model_unknown")],
)
def test_a_model_that_is_not_configured_says_what_is_missing(model: str, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        Embedders(EmbeddingSettings()).for_documents(model)
    assert refused.value.code == code
