"""That the benchmarks still start every function: `make bench` is not part of the default suite."""

from pathlib import Path

import pytest

from infra.manifest import load_manifest
from tests.benchmarks.function_settings import function_settings
from tests.support.database import Database

FUNCTIONS = load_manifest().functions
INSTEAD = {"KMS_KEY_NAME": "MASTER_KEY_FILE"}  # what a laptop has in a cloud setting's place
OPTIONAL = {
    "QUEUE_SHARDS",
    "INSTAGRAM_APP_SECRETS",
    "MEDIA_READER_URL",
    "MEDIA_READER_API_KEY",
    "MEDIA_TRANSCRIPTION_MODEL",
    "MEDIA_DESCRIPTION_MODEL",
    "EMBEDDING_MODEL",
    "EMBEDDING_URL",
    "EMBEDDING_API_KEY",
    "EMBEDDING_VERTEX_LOCATION",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GOOGLE_API_KEY",
    "VERTEX_PROJECT",
    "VERTEX_REGION",
    "OPENAI_COMPATIBLE_URL",
    "OPENAI_COMPATIBLE_API_KEY",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_measured_function_gets_every_setting_of_the_manifest(name: str, database: Database, tmp_path: Path) -> None:
    declared = {*FUNCTIONS[name].settings, *FUNCTIONS[name].secrets} - OPTIONAL
    given = function_settings(name, database, folder=tmp_path, sink="127.0.0.1:9")
    assert {INSTEAD.get(setting, setting) for setting in declared} <= given.keys()
