"""What the API of Cloud Tasks does, without gRPC: queues and tasks by name, kept in the journal, run by the runners."""

import asyncio
import heapq
import secrets
import time
from collections.abc import Awaitable, Callable

from infra.local.tasks.faults import TaskFaults
from infra.local.tasks.journal import Journal, NotWritten
from infra.local.tasks.messages import PAUSED, RUNNING, Message, Queue, Task, seconds, set_time
from infra.local.tasks.refusals import Refused, exists, missing, unavailable
from infra.local.tasks.runner import Deliver, Entry, QueueRunner
from infra.local.tasks.validation import (
    check_new_task,
    check_queue,
    check_queue_name,
    fill_retry,
    queue_of,
    updated_queue,
)


class TaskEngine:
    """All queues of the stack. Methods raise Refused as the service would."""

    def __init__(self, *, journal: Journal, deliver: Deliver) -> None:
        """Take the journal and the way to deliver one task; `load` reads what is there."""
        self.faults = TaskFaults()
        self._journal = journal
        self._deliver = deliver
        self._runners: dict[str, QueueRunner] = {}
        self._loops: dict[str, asyncio.Task[None]] = {}
        self._creating: set[str] = set()
        self._reserved: dict[str, float] = {}
        self._reserved_by_end: list[tuple[float, str]] = []
        self._dispatching = False

    async def load(self, *, move: Callable[[Message], bool] = lambda _: False) -> None:
        """Read everything that was waiting; `move` may change a task's target and says whether it did."""
        stored = await self._journal.start()
        for message in stored.queues.values():
            self._open(Queue.FromString(message))
        for name, until in stored.finished.items():
            self._reserve(name, until)
        for name, (named, raw) in stored.tasks.items():
            task = Task.FromString(raw)
            runner = self._runners.get(queue_of(name))
            if runner is None:
                continue
            if move(task):
                self._journal.note_attempt(name, task.SerializeToString(), named=named)
            runner.add(Entry(task, named, due=seconds(task.schedule_time)))

    def start_dispatching(self) -> None:
        """Begin to deliver tasks."""
        self._dispatching = True
        for runner in self._runners.values():
            self._follow(runner)

    async def stop_dispatching(self) -> None:
        """Deliver no more; tasks can still be created."""
        self._dispatching = False
        for loop in self._loops.values():
            loop.cancel()
        await asyncio.gather(*self._loops.values(), return_exceptions=True)
        for runner in self._runners.values():
            await runner.stop()

    async def close(self) -> None:
        """Write what is left."""
        await self._journal.close()

    # Queues

    def queues(self) -> list[QueueRunner]:
        """All queues in the order of their names."""
        return [self._runners[name] for name in sorted(self._runners)]

    def queue(self, name: str) -> QueueRunner:
        """One queue; NOT_FOUND when there is none."""
        check_queue_name(name)
        if (runner := self._runners.get(name)) is None:
            raise missing(f"Queue {name} does not exist. If it was just created, wait for it to be initialised.")
        return runner

    async def create_queue(self, message: Message) -> Message:
        """CreateQueue."""
        check_queue(message)
        if message.name in self._runners:
            raise exists(f"Queue {message.name} already exists.")
        message.state = RUNNING
        await self._durable(self._journal.put_queue(message.name, message.SerializeToString()))
        return self._open(message).message

    async def update_queue(self, wanted: Message, paths: list[str]) -> Message:
        """UpdateQueue: creates a queue that is not there, as the service does."""
        check_queue_name(wanted.name, field="queue.name")
        runner = self._runners.get(wanted.name)
        message = updated_queue(None if runner is None else runner.message, wanted, paths)
        await self._durable(self._journal.put_queue(message.name, message.SerializeToString()))
        if runner is None:
            return self._open(message).message
        runner.configure(message)
        return message

    async def set_state(self, name: str, *, paused: bool) -> Message:
        """PauseQueue and ResumeQueue."""
        runner = self.queue(name)
        changed = Queue()
        changed.CopyFrom(runner.message)
        changed.state = PAUSED if paused else RUNNING
        await self._durable(self._journal.put_queue(name, changed.SerializeToString()))
        runner.configure(changed)
        return changed

    async def purge_queue(self, name: str) -> Message:
        """PurgeQueue: every task created until now is gone."""
        runner = self.queue(name)
        changed = Queue()
        changed.CopyFrom(runner.message)
        set_time(changed.purge_time, time.time())
        for task_name in list(runner.entries):
            runner.remove(task_name)
        await self._durable(self._journal.put_queue(name, changed.SerializeToString()))
        runner.configure(changed)
        return changed

    async def delete_queue(self, name: str) -> None:
        """DeleteQueue, with all its tasks. The service also keeps the name back for days; here it is free at once."""
        runner = self.queue(name)
        for task_name in list(runner.entries):
            runner.remove(task_name)
        if (loop := self._loops.pop(name, None)) is not None:
            loop.cancel()
        del self._runners[name]
        await self._durable(self._journal.put_queue(name, None))

    # Tasks

    async def create_task(self, parent: str, task: Message) -> Message:
        """CreateTask: answered only when the task is durable."""
        check_queue_name(parent, field="parent")
        now = time.time()
        check_new_task(task, parent=parent, now=now)
        runner = self.queue(parent)
        named = bool(task.name)
        if not named:
            task.name = f"{parent}/tasks/{secrets.randbelow(10**19):019d}"
        if self.faults.happens(self.faults.refuse_creates_share):
            raise unavailable("The service is currently unavailable (a fault set on the local queue).")
        self._check_free(task.name, runner, now)
        set_time(task.create_time, int(now))
        if task.HasField("retry_config"):
            fill_retry(task.retry_config)
        # a client that stops waiting cancels this call, but not the task that may be written by then
        return await asyncio.shield(asyncio.create_task(self._keep(task, runner, named=named)))

    def task(self, name: str) -> tuple[QueueRunner, Entry]:
        """One task that waits or runs; NOT_FOUND when it is done, deleted or never was."""
        runner = self.queue(queue_of(name))
        if (entry := runner.entries.get(name)) is None:
            raise missing(f"Task {name} does not exist: it is done, deleted, or was never created.")
        return runner, entry

    async def delete_task(self, name: str) -> None:
        """DeleteTask: answered when it is durable."""
        runner, _ = self.task(name)
        runner.remove(name)
        await self._durable(self._journal.flush())

    def run_task(self, name: str) -> Message:
        """RunTask: attempted now, even in a paused or busy queue."""
        runner, entry = self.task(name)
        runner.run_now(entry)
        return entry.message

    # Inside

    async def _keep(self, task: Message, runner: QueueRunner, *, named: bool) -> Message:
        self._creating.add(task.name)
        try:
            await self._durable(self._journal.put_task(task.name, task.SerializeToString(), named=named))
        except Refused:
            self._journal.drop_task(task.name, reserved_until=None)
            raise
        finally:
            self._creating.discard(task.name)
        answer = Task()
        answer.CopyFrom(task)
        runner.add(Entry(task, named, due=seconds(task.schedule_time) + self.faults.delay_ms / 1000))
        return answer

    def _open(self, message: Message) -> QueueRunner:
        runner = QueueRunner(
            message, journal=self._journal, deliver=self._deliver, faults=lambda: self.faults, reserve=self._reserve
        )
        self._runners[message.name] = runner
        if self._dispatching:
            self._follow(runner)
        return runner

    def _follow(self, runner: QueueRunner) -> None:
        name = runner.message.name
        self._loops[name] = asyncio.create_task(runner.run(), name=f"queue {name}")

    def _reserve(self, name: str, until: float) -> None:
        self._reserved[name] = until
        heapq.heappush(self._reserved_by_end, (until, name))
        while self._reserved_by_end and self._reserved_by_end[0][0] < time.time():
            _, old = heapq.heappop(self._reserved_by_end)
            if self._reserved.get(old, 0) < time.time():
                self._reserved.pop(old, None)

    def _check_free(self, name: str, runner: QueueRunner, now: float) -> None:
        if name in runner.entries or name in self._creating:
            raise exists(f"Task {name} already exists.")
        if self._reserved.get(name, 0) > now:
            raise exists(f"Task {name} existed until lately; a name stays taken for about an hour.")

    @staticmethod
    async def _durable(written: Awaitable[None]) -> None:
        try:
            await written
        except NotWritten as failure:
            raise unavailable(f"the queue's database does not answer: {failure}") from failure
