"""One function as a process of the real host, functions-framework, restarted when it dies, as an instance would be."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from infra.local.directory import Directory
from infra.local.environment import python_command
from infra.local.errors import StackUnusable
from infra.local.folder import DataFolder
from infra.local.ports import ADDRESS, free_port
from infra.local.processes import Child, Program, Watchdog, last_lines
from infra.manifest import REPOSITORY, Function

_READY_SECONDS = 60.0
_LOOK_SECONDS = 0.02
_DEATHS_ALLOWED = 3  # before its first answer; afterwards it is restarted for ever
_PROBE = "/robots.txt"  # functions-framework answers it itself, without running the function

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What all hosts of a stack share."""

    folder: DataFolder
    directory: Directory
    watchdog: Watchdog


class FunctionHost:
    """Runs one function with `processes` workers on a port of its own."""

    def __init__(
        self,
        function: Function,
        *,
        environment: Mapping[str, str],
        processes: int,
        site: Site,
    ) -> None:
        """Take what it needs; nothing runs yet."""
        self.function = function
        self.log = site.folder.logs / f"{function.name}.log"
        self.deaths = 0
        self._environment = environment
        self._processes = processes
        self._run_folder = site.folder.run / function.name
        self._directory = site.directory
        self._child = Child(self._program, watchdog=site.watchdog, on_death=self._died)

    @property
    def pid(self) -> int | None:
        """The process id of the host while it runs; its workers are children of it."""
        return self._child.pid

    def start(self) -> None:
        """Start the process; `answering` waits for it."""
        if not self.function.source.is_file():
            raise StackUnusable(
                f"infra/functions.yaml: functions.{self.function.name} has no file {self.function.source}. "
                "Write it, or take the function out of the manifest."
            )
        self._run_folder.mkdir(parents=True, exist_ok=True)
        self._child.start()
        self._child.keep_alive()

    async def answering(self, session: aiohttp.ClientSession) -> None:
        """Wait for its first answer.

        Raises:
            StackUnusable: it died several times or did not answer; the message ends with its log.
        """
        name = self.function.name
        for _ in range(int(_READY_SECONDS / _LOOK_SECONDS)):
            if self.deaths >= _DEATHS_ALLOWED:
                raise StackUnusable(
                    f"the function {name} does not start. Its log {self.log} ends:\n{last_lines(self.log)}"
                )
            if await self._answers(session):
                self._directory.ready.add(name)
                return
            await asyncio.sleep(_LOOK_SECONDS)
        raise StackUnusable(
            f"the function {name} gave no answer within {_READY_SECONDS:g} s. Its log {self.log} ends:\n"
            f"{last_lines(self.log)}"
        )

    async def stop(self) -> None:
        """Ask it to end, then kill what is left."""
        self._directory.ready.discard(self.function.name)
        await self._child.stop()

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        address = self._directory.functions.get(self.function.name)
        if address is None:
            return False
        try:
            async with session.get(address + _PROBE, timeout=aiohttp.ClientTimeout(total=5)):
                return True
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    def _program(self) -> Program:
        function = self.function
        if function.name in self._directory.ready:  # restarted: the address is known to others by now
            port = int(self._directory.functions[function.name].rpartition(":")[2])
        else:
            port = free_port()
            self._directory.functions[function.name] = f"http://{ADDRESS}:{port}"
        return Program(
            name=function.name,
            arguments=python_command(
                "functions_framework",
                "--target",
                function.entry_point,
                "--source",
                str(function.source),
                "--host",
                ADDRESS,
            ),
            environment={
                **self._environment,
                "PORT": str(port),
                "WORKERS": str(self._processes),
                "XDG_RUNTIME_DIR": str(self._run_folder),  # gunicorn puts a socket there: one for each function
                "HOME": str(self._run_folder),
            },
            directory=REPOSITORY,
            log=self.log,
        )

    def _died(self, code: int) -> None:
        self.deaths += 1
        _log.warning(
            "the function %s ended (exit code %s) and is started again; see %s", self.function.name, code, self.log
        )
