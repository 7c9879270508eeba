"""The secrets of a stack are made once; a folder of an earlier version gets those that are new."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra.local.credentials import load_secrets
from infra.local.folder import DataFolder

if TYPE_CHECKING:
    from pathlib import Path


def test_secrets_are_made_once_and_new_ones_are_added_to_old_ones(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    made = load_secrets(folder)
    kept = json.loads(folder.secrets_file.read_text())
    for name in ("instagram_app_secret", "instagram_token", "page_token"):
        del kept[name]
    folder.secrets_file.write_text(json.dumps(kept))

    completed = load_secrets(folder)

    assert load_secrets(folder) == completed
    assert completed.graph_token == made.graph_token
    assert completed.oidc_private_key == made.oidc_private_key
    assert completed.page_token not in {"", made.page_token}
    assert completed.page_token.startswith("EAA")
    assert folder.secrets_file.stat().st_mode & 0o777 == 0o600
