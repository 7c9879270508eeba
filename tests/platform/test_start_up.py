"""Import time is part of the product: a function loads only what it uses, heavy clients on first use."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "google.cloud",
    "google.api_core",
    "google.auth",
    "grpc",
    "jwt",
    "httpx",
    "requests",
    "numpy",
    "aiohttp",
    "cryptography",
    "rich",
)


def _loaded_by(statement: str) -> list[str]:
    program = (
        f"import sys, json; old = set(sys.modules); {statement}; print(json.dumps(sorted(set(sys.modules) - old)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    modules: list[str] = json.loads(done.stdout)
    return modules


@pytest.mark.parametrize(
    "module",
    ["database", "boundary", "queue", "storage", "callers", "settings", "wake_ups", "role_check", "keys", "logs"],
)
def test_a_module_of_the_platform_loads_no_heavy_client(module: str) -> None:
    loaded = _loaded_by(f"import shared.platform.{module}")
    heavy = [name for name in loaded if name in HEAVY or name.startswith(tuple(f"{each}." for each in HEAVY))]
    allowed = ("rich",)  # structlog loads it where it is installed, which no function's requirements do
    assert [name for name in heavy if not name.startswith(allowed)] == []


def test_the_kit_loads_nothing_but_the_standard_library() -> None:
    loaded = _loaded_by(
        "import shared.kit.errors, shared.kit.ids, shared.kit.clock, shared.kit.text, shared.kit.bounded_json,"
        " shared.kit.crash_points"
    )
    strangers = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"shared"}
    assert {name for name in strangers if not name.startswith("_")} <= {"a1_coverage", "sitecustomize", "__main__"}
