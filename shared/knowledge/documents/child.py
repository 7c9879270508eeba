"""The process that reads PDF, Word and web pages, whose parsers a made-up file can drive to any length.

It knows no secret, opens no file and no connection. On standard input: one line of JSON {kind, charset, size}, then the
bytes; on standard output: one line of JSON, {title, text} or {code, message}; and so on until the input ends.
"""

import json
import resource
import sys
import warnings
from typing import Any

from shared.kit.errors import Rejected
from shared.knowledge.documents.document import Document
from shared.knowledge.documents.limits import READER_MEMORY, TEXT_LIMIT


def read(kind: str, raw: bytes, charset: str | None) -> Document:
    """One document. Raises Rejected."""
    from shared.knowledge.documents import pdf_files, web_pages, word_files  # noqa: PLC0415 (what is not asked for waits)

    try:
        if kind == "pdf":
            document = pdf_files.read_pdf(raw)
        elif kind == "docx":
            document = word_files.read_docx(raw)
        else:
            document = web_pages.read_html(raw, charset=charset)
    except (MemoryError, RecursionError):
        raise Rejected("too_complex", "is built so that it cannot be read; print it to a new PDF") from None
    if len(document.text.encode("utf-8", "replace")) > TEXT_LIMIT:
        raise Rejected("too_large", f"has more than {TEXT_LIMIT:,} bytes of text; split it")
    return document


def main() -> None:
    """Read what is asked for until nobody asks; a document that took all memory ends the process as well."""
    warnings.simplefilter("ignore")
    limit_resources()
    while line := sys.stdin.buffer.readline():
        asked: dict[str, Any] = json.loads(line)
        raw = sys.stdin.buffer.read(asked["size"])
        try:
            document = read(asked["kind"], raw, asked["charset"])
            answer = {"title": document.title, "text": document.text}
        except Rejected as refusal:
            answer = {"code": refusal.code, "message": refusal.message}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        if answer.get("code") == "too_complex":
            return


def limit_resources() -> None:
    """No more memory than READER_MEMORY, and no file that is written."""
    resource.setrlimit(resource.RLIMIT_AS, (READER_MEMORY, READER_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
