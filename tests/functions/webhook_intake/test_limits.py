"""Bodies that are too large, too slow, packed or badly framed, over bare sockets; each followed by a good delivery."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import http.client
import socket
import time
from typing import TYPE_CHECKING

import pytest

from shared.platform.body import SECONDS_LIMIT
from tests.functions.webhook_intake.bodies import encoded
from tests.functions.webhook_intake.process import REPOSITORY, SECRET, raw_post, read_all, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.functions.webhook_intake.conftest import Intake

LIMIT = 4 * 1024 * 1024
HURRIED = REPOSITORY / "tests" / "functions" / "webhook_intake" / "hurried"
BODY_SECONDS = 3.0  # of the hurried function
HEAD = b"POST /whatsapp HTTP/1.1\r\nhost: intake\r\n"


def first_line(answer: bytes) -> bytes:
    return answer.split(b"\r\n", 1)[0]


def send_until_refused(connection: socket.socket, piece: bytes, most: int) -> int:
    """Send the piece over and over until something comes back; how many bytes were sent."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < most:
            connection.sendall(piece)
            sent += len(piece)
            connection.settimeout(0)
            try:
                if connection.recv(1, socket.MSG_PEEK):
                    break
            except BlockingIOError:
                pass
            finally:
                connection.settimeout(15)
    return sent


def test_a_body_that_declares_to_be_too_large_is_refused_unread(intake: Intake) -> None:
    """I11, C-03."""
    with intake.function.connect() as connection:
        connection.sendall(HEAD + b"content-length: 5242880\r\n\r\n")
        answer = read_all(connection)
    assert first_line(answer) == b"HTTP/1.1 413 Request Entity Too Large" or b" 413 " in first_line(answer)
    assert b"connection: close" in answer.lower()
    intake.canary()


def test_a_body_without_a_length_is_cut_at_the_limit(intake: Intake) -> None:
    """I11: chunked, 20 MB offered."""
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with intake.function.connect() as connection:
        connection.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        sent = send_until_refused(connection, chunk, 20 * 1024 * 1024)
        answer = read_all(connection)
    assert sent < 3 * LIMIT  # what was on its way in the sockets' buffers included
    assert not answer or b" 413 " in first_line(answer)
    intake.canary()


def test_a_body_longer_than_declared_is_not_read_on(intake: Intake) -> None:
    """I11: the length is a lie; what is over it is not of this request."""
    raw = encoded(intake.body())
    request = raw_post(raw).replace(b"connection: close\r\n", b"") + b"x" * 5000
    answers = intake.function.exchange(request).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] in ([b"200", b"400"], [b"400"])
    intake.canary()


def test_a_body_shorter_than_declared_is_no_delivery(intake: Intake) -> None:
    """I11."""
    raw = encoded(intake.body(wamid="wamid.short"))
    request = raw_post(raw).replace(b"content-length: %d" % len(raw), b"content-length: %d" % (len(raw) + 10))
    with intake.function.connect() as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        assert b" 200 " not in first_line(read_all(connection))
    assert intake.stored("wamid.short") == 0
    intake.canary()


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
def test_the_limit_is_four_megabytes(intake: Intake, size: int) -> None:
    """I11, V7: a body of exactly the limit is taken in, whatever it says."""
    raw = b'{"x":"' + b"a" * (size - 8) + b'"}'
    assert len(raw) == size
    answer = intake.function.exchange(raw_post(raw), timeout=30)
    if size > LIMIT:
        assert not answer or first_line(answer).split()[1] == b"413"
    else:
        assert first_line(answer).split()[1] == b"200"
    intake.canary()


@pytest.fixture
def hurried(intake: Intake, tmp_path: Path) -> Iterator[Intake]:
    """The function with less patience, on the same database."""
    patience = {"PYTHONPATH": f"{HURRIED}:{REPOSITORY}", "BODY_SECONDS": f"{BODY_SECONDS}"}
    with running(tmp_path, {**intake.function.environment, **patience}) as function:
        yield dataclasses.replace(intake, function=function)


def test_slow_bodies_and_slow_headers_hold_nobody_up_and_are_cut(hurried: Intake) -> None:
    """I12: 200 stalled senders; good deliveries are answered meanwhile, and stalled bodies end after ten seconds."""
    assert SECONDS_LIMIT == 10
    intake = hurried
    intake.canary()
    slow = []
    try:
        for number in range(200):
            connection = intake.function.connect()
            half = HEAD + b"content-length: 500\r\n\r\n{" if number % 2 else HEAD
            connection.sendall(half)
            slow.append(connection)
        began = time.monotonic()
        waits = []
        while time.monotonic() - began < BODY_SECONDS - 1:
            sent = time.monotonic()
            assert intake.function.deliver(intake.body()).status == 200
            waits.append(time.monotonic() - sent)
            for connection in slow[:40]:
                connection.sendall(b"x")
            time.sleep(0.25)  # the pace of slow senders
        assert sorted(waits)[len(waits) // 2] < 1
        for connection in slow[1::2]:
            connection.settimeout(10)
            answer = read_all(connection)
            assert not answer or b" 408 " in first_line(answer)
        assert time.monotonic() - began < 20  # a body that is never cut would keep `read_all` waiting
    finally:
        for connection in slow:
            connection.close()
    intake.canary()


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"br", b"zstd", b"gzip, identity", b"GZIP"])
def test_packed_bodies_are_refused_and_nothing_is_unpacked(intake: Intake, encoding: bytes) -> None:
    """I13."""
    bomb = gzip.compress(b" " * 10_000_000)
    answer = intake.function.exchange(raw_post(bomb, b"content-encoding: " + encoding))
    assert b" 415 " in first_line(answer)
    intake.canary()


def test_a_body_that_says_it_is_as_it_is_is_taken(intake: Intake) -> None:
    raw = encoded(intake.body(wamid="wamid.identity"))
    assert b" 200 " in first_line(intake.function.exchange(raw_post(raw, b"content-encoding: identity")))
    assert intake.stored("wamid.identity") == 1


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        b"text/plain",
        b"application/json; charset=bogus",
        b"multipart/form-data; boundary=x",
        b"\xff\xfe",
        b"x" * 3000,
    ],
)
def test_the_content_type_decides_nothing(intake: Intake, content_type: bytes | None) -> None:
    """I14."""
    raw = encoded(intake.body())
    headers = () if content_type is None else (b"content-type: " + content_type,)
    assert b" 200 " in first_line(intake.function.exchange(raw_post(raw, *headers)))
    intake.canary()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"transfer-encoding: chunked\r\ncontent-length: 4\r\n", b"0\r\n\r\n"),
        (b"content-length: 4\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"content-length: 4\r\ncontent-length: 5\r\n", b"abcde"),
        (b"content-length: -1\r\n", b""),
        (b"content-length: +4\r\n", b"abcd"),
        (b"content-length: 4 4\r\n", b"abcd"),
        (b"content-length: 99999999999999999999999\r\n", b"abcd"),
        (b"transfer-encoding: chunked\r\n", b"zz\r\nabc\r\n0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\n", b"-1\r\n\r\n"),
        (b"transfer-encoding: xchunked\r\n", b"0\r\n\r\n"),
        (b"bad header line\r\n", b""),
    ],
)
def test_smuggling_and_bad_framing_are_refused(intake: Intake, headers: bytes, body: bytes) -> None:
    """I15."""
    with intake.function.connect() as connection:
        connection.sendall(HEAD + headers + b"\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)
    assert not answer or first_line(answer).split()[1] in (b"400", b"401", b"413")
    assert b" 5" not in first_line(answer)[8:10]
    assert answer.count(b"HTTP/1.1") <= 1, "one request, one answer"
    intake.canary()


def test_the_same_connection_serves_on_after_a_refused_signature(intake: Intake) -> None:
    raw = encoded(intake.body())
    bad = raw_post(raw).replace(b"sha256=", b"sha256=0", 1)
    bad, good = (request.replace(b"connection: close\r\n", b"") for request in (bad, raw_post(raw)))
    with intake.function.connect() as connection:
        for request, expected in ((bad, 401), (good, 200), (bad, 401), (good, 200)):
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert answer.status == expected
            assert SECRET not in answer.read()


def test_a_long_url_and_many_headers_do_no_harm(intake: Intake) -> None:
    for request in (
        b"GET /whatsapp?" + b"a" * 1_000_000 + b" HTTP/1.1\r\nconnection: close\r\n\r\n",
        HEAD
        + b"connection: close\r\n"
        + b"".join(b"x-%d: y\r\n" % number for number in range(5000))
        + b"content-length: 0\r\n\r\n",
        b"GET /%ff%00/../whatsapp HTTP/1.1\r\nconnection: close\r\n\r\n",
        "GET /whatsäpp HTTP/1.1\r\nconnection: close\r\n\r\n".encode(),
        b"GET  HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ):
        answer = intake.function.exchange(request)
        assert not answer or first_line(answer).split()[1] in (b"400", b"401", b"403", b"404", b"414", b"431")
        intake.canary()
