"""A function as the cloud builds and starts it: its archive alone, its locked requirements in a fresh environment."""

import contextlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.manifest import Function
from infra.package import build_archive
from tests.support.waiting import eventually

_UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True, slots=True)
class Deployed:
    """A running function."""

    url: str
    log: Path


@contextlib.contextmanager
def deployed(function: Function, *, folder: Path, settings: Mapping[str, str], port: int) -> Iterator[Deployed]:
    """Pack, unpack and install the function in `folder`, and run it there with these settings only."""
    python, source = installed(function, folder=folder)
    environment = {"PATH": os.defpath, "HOME": str(folder), "FUNCTION_USE_ASGI": "true", **settings}
    command = [str(python), "-m", "functions_framework", f"--target={function.entry_point}"]
    command += ["--source=main.py", "--host=127.0.0.1", f"--port={port}"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=source, env=environment, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            assert process.poll() is None, log.read_text(errors="replace")
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{url}/robots.txt").status_code == httpx.codes.NOT_FOUND
            return False

        eventually(answers, within=60)
        yield Deployed(url, log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def installed(function: Function, *, folder: Path) -> tuple[Path, Path]:
    """Pack, unpack and install the function in `folder`; returns the interpreter and the folder of its main.py."""
    archive = build_archive(function, destination=folder)
    source = folder / "source"
    with zipfile.ZipFile(archive.path) as file:
        file.extractall(source)
    return _install(folder / "environment", source / "requirements.txt"), source


def _install(environment: Path, requirements: Path) -> Path:
    """Make an environment of exactly these requirements; returns its interpreter.

    What `make setup` has installed lies in uv's cache, which is enough: every function's lock is a part of that lock.
    """
    subprocess.run([_UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    python = environment / "bin" / "python"
    command = [
        str(_UV),
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--python",
        str(python),
        "-r",
        str(requirements),
    ]
    if subprocess.run([*command, "--offline"], check=False, capture_output=True).returncode:
        subprocess.run(command, check=True)
    return python
