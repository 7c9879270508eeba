"""The words of a medium, and an honest marker when there are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.media.conftest import PNG

if TYPE_CHECKING:
    from uuid import UUID

    from tests.media.conftest import Scene

OGG = b"OggS\x00\x02OpusHead" + b"x" * 100


@dataclass
class Listener:
    """A reader that says what it is told, and keeps what it was given."""

    words: str = " bom dia, tem pão? "
    failing: bool = False
    given: list[tuple[str, bytes, str]] = field(default_factory=list)

    def transcribe(self, data: bytes, *, mime_type: str) -> str:
        return self._say("transcribe", data, mime_type)

    def describe(self, data: bytes, *, mime_type: str) -> str:
        return self._say("describe", data, mime_type)

    def _say(self, what: str, data: bytes, mime_type: str) -> str:
        self.given.append((what, data, mime_type))
        if self.failing:
            raise TimeoutError
        return self.words


def sent(scene: Scene, data: bytes, kind: str, mime_type: str) -> UUID:
    media_id = f"m{len(scene.provider.media)}"
    scene.provider.put(media_id, data, mime_type=mime_type)
    return scene.transfer(media_id, kind=kind, voice=kind == "audio")


@pytest.mark.parametrize(
    ("data", "kind", "mime_type", "what"),
    [(OGG, "audio", "audio/ogg", "transcribe"), (PNG, "image", "image/png", "describe")],
)
def test_what_is_spoken_is_transcribed_and_what_is_seen_is_described(
    scene: Scene, data: bytes, kind: str, mime_type: str, what: str
) -> None:
    reader = Listener()
    transfer = sent(scene, data, kind, mime_type)
    assert scene.run(transfer, reader=reader).state == "stored"
    assert reader.given == [(what, data, mime_type)]
    assert scene.media_of(transfer)[1] == {"0": {"text": "bom dia, tem pão?"}}


def test_bytes_that_are_known_already_are_read_too(scene: Scene) -> None:
    first, second = (sent(scene, OGG, "audio", "audio/ogg") for _ in range(2))
    scene.run(first)
    assert scene.media_of(first)[1] == {"0": {"unread": "no_reader"}}
    scene.run(second, reader=Listener())
    assert scene.media_of(second)[1] == {"0": {"text": "bom dia, tem pão?"}}


@pytest.mark.parametrize(
    ("reader", "unread"),
    [(None, "no_reader"), (Listener(failing=True), "reader_failed"), (Listener(words="  "), "nothing_said")],
)
def test_what_nobody_could_read_says_so_and_is_stored_all_the_same(
    scene: Scene, reader: Listener | None, unread: str
) -> None:
    transfer = sent(scene, OGG, "audio", "audio/ogg")
    assert scene.run(transfer, reader=reader).state == "stored"
    assert scene.media_of(transfer)[1]["0"]["unread"] == unread
    assert len(scene.media_of(transfer)[0]) == 1


def test_a_document_is_not_given_to_the_reader(scene: Scene) -> None:
    reader = Listener()
    transfer = sent(scene, b"%PDF-1.7 x", "document", "application/pdf")
    assert scene.run(transfer, reader=reader).state == "stored"
    assert scene.media_of(transfer)[1] == {"0": {"unread": "kind_not_read"}}
    assert reader.given == []


def test_words_that_the_database_could_not_hold_are_cleaned(scene: Scene) -> None:
    transfer = sent(scene, OGG, "audio", "audio/ogg")
    scene.run(transfer, reader=Listener(words="a\x00b\ud800" + "x" * 30_000))
    text = scene.media_of(transfer)[1]["0"]["text"]
    assert text.startswith("a\ufffdb?")
    assert len(text) == 20_000
