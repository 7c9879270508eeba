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
def deployed(
    function: Function, *, folder: Path, place: Path, settings: Mapping[str, str], port: int
) -> Iterator[Deployed]:
    """Pack and unpack the function in `folder`, install it in `place`, and run it there with these settings only.

    The environment in `place` is a fresh one for each function; what Python has compiled of the same packages of the
    one before is kept beside it.
    """
    archive = build_archive(function, destination=folder)
    source = _unpack(archive.path, folder / "source")
    python = _install(place / "environment", source / "requirements.txt")
    environment = {"PATH": os.defpath, "HOME": str(folder), "FUNCTION_USE_ASGI": "true", **settings}
    environment["PYTHONPYCACHEPREFIX"] = str(place / "compiled")
    command = [str(python), "-m", "functions_framework", f"--target={function.entry_point}"]
    command += ["--source=main.py", "--host=127.0.0.1", f"--port={port}"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=source, env=environment, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            if process.poll() is not None:
                raise RuntimeError(log.read_text(errors="replace"))
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
    source = _unpack(archive.path, folder / "source")
    return _install(folder / "environment", source / "requirements.txt"), source


def _unpack(archive: Path, source: Path) -> Path:
    with zipfile.ZipFile(archive) as file:
        file.extractall(source)
    return source


def _install(environment: Path, requirements: Path) -> Path:
    """Make an environment of exactly these requirements; returns its interpreter.

    What `make setup` has installed lies in uv's cache, which is enough: every function's lock is a part of that lock.
    """
    subprocess.run([_UV, "venv", "--quiet", "--clear", "--python", sys.executable, environment], check=True)
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
