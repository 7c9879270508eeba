"""Cloud Storage on one machine: gcp-storage-emulator in a thread; a kill cannot halve its list of objects.

The emulator ignores `ifGenerationMatch`; nothing may rely on that alone.
"""

import json
import os
import socket
import threading
from functools import partial
from http.server import HTTPServer
from pathlib import Path
from typing import Any

from gcp_storage_emulator import settings
from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage

from infra.local.ports import ADDRESS, port_of

_SLOWEST_CLIENT_SECONDS = 30  # the emulator serves one request at a time


class ObjectStorage:
    """Serves the JSON API of Cloud Storage from a folder."""

    def __init__(self, folder: Path, *, buckets: tuple[str, ...], listening: socket.socket) -> None:
        """Read the folder and make the buckets that are missing; `listening` is bound to the port to serve."""
        self._storage = _WholeStorage(data_dir=str(folder))
        for bucket in buckets:
            if self._storage.get_bucket(bucket) is None:
                create_bucket(bucket, self._storage)
        address = (ADDRESS, port_of(listening))
        self.url = f"http://{ADDRESS}:{address[1]}"  # the value of STORAGE_EMULATOR_HOST
        self._server = HTTPServer(address, partial(_Handler, self._storage), bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listening
        self._server.server_activate()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def start(self) -> None:
        """Answer requests, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Handler(RequestHandler):  # type: ignore[misc] # the emulator has no types
    timeout = _SLOWEST_CLIENT_SECONDS


class _WholeStorage(Storage):  # type: ignore[misc] # the emulator has no types
    """Replaces the list of objects in one step, where the emulator writes over it."""

    def _write_config_to_file(self) -> None:
        content: dict[str, Any] = {
            "buckets": self.buckets,
            "objects": self.objects,
            "resumable": self.resumable,
            "bucket_iam_policies": self.bucket_iam_policies,
            "soft_deleted": self.soft_deleted,
        }
        target = Path(self._data_dir) / settings.STORAGE_DIR / ".meta"
        draft = target.with_name(f".meta.{os.getpid()}")
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(target)
