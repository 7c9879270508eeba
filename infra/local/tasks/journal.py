"""Keeps queues and tasks in the database `local_stack`, so that they survive a restart and a kill.

A thread of its own writes what changed since its last commit in one statement (group commit): under load one fsync
serves hundreds of creates. A create is answered only after the commit that holds it.
"""

import asyncio
import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pg8000.exceptions
import pg8000.native

TABLES = """
CREATE TABLE IF NOT EXISTS queues (name text PRIMARY KEY, message bytea NOT NULL);
CREATE TABLE IF NOT EXISTS tasks (name text PRIMARY KEY, named boolean NOT NULL, message bytea NOT NULL);
CREATE TABLE IF NOT EXISTS finished_tasks (name text PRIMARY KEY, reserved_until timestamptz NOT NULL);
"""

_WRITE = """
WITH queue_change AS (
  SELECT key AS name, decode(value, 'base64') AS message FROM jsonb_each_text(CAST(:queues AS jsonb))
),
task_change AS (
  SELECT key AS name, CAST(value ->> 0 AS boolean) AS named, decode(value ->> 1, 'base64') AS message
  FROM jsonb_each(CAST(:tasks AS jsonb))
),
put_queues AS (
  INSERT INTO queues SELECT name, message FROM queue_change WHERE message IS NOT NULL
  ON CONFLICT (name) DO UPDATE SET message = excluded.message
),
drop_queues AS (DELETE FROM queues USING queue_change c WHERE queues.name = c.name AND c.message IS NULL),
put_tasks AS (
  INSERT INTO tasks SELECT name, named, message FROM task_change WHERE message IS NOT NULL
  ON CONFLICT (name) DO UPDATE SET message = excluded.message
),
drop_tasks AS (DELETE FROM tasks USING task_change c WHERE tasks.name = c.name AND c.message IS NULL)
INSERT INTO finished_tasks
SELECT key, to_timestamp(CAST(value AS double precision)) FROM jsonb_each_text(CAST(:finished AS jsonb))
ON CONFLICT (name) DO UPDATE SET reserved_until = excluded.reserved_until
"""

_RETRY_SECONDS = 0.2


class NotWritten(Exception):
    """The database did not take the change; nobody was promised anything yet."""


@dataclass(slots=True)
class Stored:
    """What the database holds at the start: messages as bytes, reserved names with their end in Unix seconds."""

    queues: dict[str, bytes]
    tasks: dict[str, tuple[bool, bytes]]
    finished: dict[str, float]


@dataclass(slots=True)
class _Batch:
    """Changes not yet committed: the last one for each name wins; None drops the row."""

    queues: dict[str, bytes | None] = field(default_factory=dict)
    tasks: dict[str, tuple[bool, bytes | None]] = field(default_factory=dict)
    finished: dict[str, float] = field(default_factory=dict)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.queues or self.tasks or self.finished or self.waiters)

    def under(self, newer: "_Batch") -> "_Batch":
        """This batch, which could not be written, below what came since."""
        return _Batch(
            {**self.queues, **newer.queues},
            {**self.tasks, **newer.tasks},
            {**self.finished, **newer.finished},
            newer.waiters,
        )


class Journal:
    """The writer thread and its queue of changes. All methods are called on the event loop."""

    def __init__(self, connect: Callable[[], pg8000.native.Connection]) -> None:
        """Take the way to open a connection to `local_stack`; nothing is opened yet."""
        self._connect = connect
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: pg8000.native.Connection | None = None
        self._statement: Any = None
        self._batch = _Batch()
        self._ready = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write_until_closed, name="task-journal", daemon=True)

    async def start(self) -> Stored:
        """Make the tables, read what is there and begin to write."""
        self._loop = asyncio.get_running_loop()
        stored = await asyncio.to_thread(self._load)
        self._thread.start()
        return stored

    async def close(self) -> None:
        """Write what is left and end the thread."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def put_queue(self, name: str, message: bytes | None) -> asyncio.Future[None]:
        """Write or drop a queue; the future is done when it is durable."""
        return self._add(lambda batch: batch.queues.__setitem__(name, message))

    def put_task(self, name: str, message: bytes, *, named: bool) -> asyncio.Future[None]:
        """Write a task; the future is done when it is durable, or fails with NotWritten."""
        return self._add(lambda batch: batch.tasks.__setitem__(name, (named, message)))

    def note_attempt(self, name: str, message: bytes, *, named: bool) -> None:
        """Write a task's new state without anyone waiting for it."""
        with self._ready:
            self._batch.tasks[name] = (named, message)
            self._ready.notify()

    def drop_task(self, name: str, *, reserved_until: float | None) -> None:
        """Take a task away without anyone waiting: if that is lost in a crash it runs once more, as it may anyway."""
        with self._ready:
            self._batch.tasks[name] = (False, None)
            if reserved_until is not None:
                self._batch.finished[name] = reserved_until
            self._ready.notify()

    async def flush(self) -> None:
        """Wait until everything handed in so far is durable."""
        await self._add(lambda _: None)

    def _add(self, change: Callable[[_Batch], None]) -> asyncio.Future[None]:
        assert self._loop is not None, "start the journal first"  # noqa: S101 - a defect, not a condition
        future: asyncio.Future[None] = self._loop.create_future()
        with self._ready:
            change(self._batch)
            self._batch.waiters.append(future)
            self._ready.notify()
        return future

    def _load(self) -> Stored:
        connection = self._opened()
        connection.run(TABLES)
        connection.run("DELETE FROM finished_tasks WHERE reserved_until < now()")
        queues = connection.run("SELECT name, message FROM queues") or []
        tasks = connection.run("SELECT name, named, message FROM tasks") or []
        finished = (
            connection.run("SELECT name, CAST(extract(epoch FROM reserved_until) AS float8) FROM finished_tasks") or []
        )
        return Stored(
            queues={name: bytes(message) for name, message in queues},
            tasks={name: (named, bytes(message)) for name, named, message in tasks},
            finished=dict(finished),
        )

    def _opened(self) -> pg8000.native.Connection:
        if self._connection is None:
            self._connection = self._connect()
            self._statement = None
        return self._connection

    def _write_until_closed(self) -> None:
        while True:
            with self._ready:
                while not self._batch and not self._closing:
                    self._ready.wait()
                batch, self._batch = self._batch, _Batch()
            if batch and not self._written(batch):
                with self._ready:
                    self._batch = batch.under(self._batch)
                if self._closing:
                    break
                time.sleep(_RETRY_SECONDS)
            elif self._closing and not self._batch:
                break
        if self._connection is not None:
            self._connection.close()

    def _written(self, batch: _Batch) -> bool:
        """Write and tell those who wait. Writing twice does no harm, so a connection that broke is replaced once."""
        failure: NotWritten | None = None
        for _ in range(2):
            try:
                self._write(batch)
            except (pg8000.exceptions.Error, OSError) as error:
                self._forget_connection()
                failure = NotWritten(str(error))
            else:
                self._settle(batch.waiters, None)
                return True
        self._settle(batch.waiters, failure)
        return False

    def _write(self, batch: _Batch) -> None:
        connection = self._opened()
        if self._statement is None:
            self._statement = connection.prepare(_WRITE)
        self._statement.run(
            queues=json.dumps({name: _text(message) for name, message in batch.queues.items()}),
            tasks=json.dumps({name: (named, _text(message)) for name, (named, message) in batch.tasks.items()}),
            finished=json.dumps(batch.finished),
        )

    def _forget_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(pg8000.exceptions.Error, OSError):  # it was broken already
                connection.close()

    def _settle(self, waiters: list[asyncio.Future[None]], failure: NotWritten | None) -> None:
        if waiters and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_settle_all, waiters, failure)


def _text(message: bytes | None) -> str | None:
    return None if message is None else base64.b64encode(message).decode()


def _settle_all(waiters: list[asyncio.Future[None]], failure: NotWritten | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if failure is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(failure)
