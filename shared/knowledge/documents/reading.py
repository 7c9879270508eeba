"""Reads a document of any kind; what a parser of PDF, Word or HTML does happens in a process with limits.

with DocumentReader() as reader:
    document = reader.read(raw, name="precos.pdf")
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from shared.kit.errors import Rejected
from shared.knowledge.documents import child as child_program
from shared.knowledge.documents.csv_tables import read_csv
from shared.knowledge.documents.document import Document, Kind
from shared.knowledge.documents.limits import FILE_LIMITS, READER_SECONDS, TEXT_LIMIT
from shared.knowledge.documents.plain_text import read_text
from shared.knowledge.documents.sniffing import kind_of

_ROOT: Final = Path(__file__).parents[3]
_CHILD: Final = child_program.__name__
# What Python needs to find its packages; nothing else of our environment, which holds secrets.
_KEPT: Final = ("PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "VIRTUAL_ENV", "LANG", "LC_ALL", "HOME")


class DocumentReader:
    """Keeps one child process over many documents, begun by the first that needs it. One thread at a time."""

    def __init__(self, *, seconds: float = READER_SECONDS) -> None:
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def read(self, raw: bytes, *, name: str, content_type: str | None = None) -> Document:
        """The document of a file of that name, which a server may have declared as `content_type`.

        Raises Rejected: `unknown_format`, `too_large`, `no_text`, `encrypted`, `too_many_pages`, `too_many_rows`,
        `not_utf8`, `damaged`, `too_complex`, `too_slow`; the message goes on after the file's name.
        """
        return self.read_as(kind_of(raw, name=name, content_type=content_type), raw, content_type=content_type)

    def read_as(self, kind: Kind, raw: bytes, *, content_type: str | None = None) -> Document:
        """As `read`, for a kind that is known."""
        if len(raw) > FILE_LIMITS[kind]:
            raise Rejected("too_large", f"has {len(raw):,} bytes; split it into files of at most {FILE_LIMITS[kind]:,}")
        if kind == "csv":
            document = read_csv(raw)
        elif kind in ("markdown", "text"):
            document = read_text(raw)
        else:
            document = self._read_apart(kind, raw, charset=_charset(content_type))
        if len(document.text.encode("utf-8", "replace")) > TEXT_LIMIT:
            raise Rejected("too_large", f"has more than {TEXT_LIMIT:,} bytes of text; split it")
        return document

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def __enter__(self) -> Self:
        """Return itself; nothing runs yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the child."""
        self.close()

    def _read_apart(self, kind: Kind, raw: bytes, *, charset: str | None) -> Document:
        child = self._started()
        late = threading.Event()

        def end() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(self._seconds, end)
        timer.start()
        try:
            line = _exchange(child, {"kind": kind, "charset": charset, "size": len(raw)}, raw)
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            self.close()
            if late.is_set():
                raise Rejected("too_slow", f"takes more than {self._seconds:.0f} s to read; print it to a new PDF")
            raise Rejected("too_complex", "is built so that it cannot be read; print it to a new PDF")
        answer: dict[str, str] = json.loads(line)
        if "code" in answer:
            if answer["code"] == "too_complex":
                self.close()
            raise Rejected(answer["code"], answer["message"])
        return Document(answer["title"], answer["text"])

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._child is not None and self._child.poll() is None:
            return self._child
        self.close()
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *filter(None, [environment.get("PYTHONPATH")])])
        self._child = subprocess.Popen(  # noqa: S603 - this Python and this package's own module
            [sys.executable, "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        return self._child


def _exchange(child: "subprocess.Popen[bytes]", asked: dict[str, Any], raw: bytes) -> bytes:
    """The child's line, or what came of it before the child died."""
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("the child was started without pipes")
    try:
        child.stdin.write(json.dumps(asked).encode() + b"\n")
        child.stdin.write(raw)
        child.stdin.flush()
        return child.stdout.readline()
    except BrokenPipeError:
        return b""


def _charset(content_type: str | None) -> str | None:
    """The charset parameter of a Content-Type, as a server declares it."""
    for parameter in (content_type or "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip():
            return value.strip().strip("\"'")[:40]
    return None
