"""Files by their media ids: uploads, what customers send, and links that end.

Cloud API, "Media": an id becomes a URL that is good for 5 minutes and needs the bearer token; an uploaded id lives 30
days, a customer's 7; who asks for 20 wrong ones within an hour is blocked for half an hour.
"""

import hashlib
import json
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.folder import write_whole
from infra.local.meta.graph_errors import GraphError, unknown_object

UPLOAD_DAYS = 30
CUSTOMER_DAYS = 7
_DAY_SECONDS = 24 * 3600
_MOST_ERRORS = 20
_ERRORS_SECONDS = 3600
_BLOCKED_SECONDS = 1800
_MIB = 1024 * 1024
LIMITS = {"image": 5 * _MIB, "audio": 16 * _MIB, "video": 16 * _MIB, "sticker": 500 * 1024}
DOCUMENT_LIMIT = 100 * _MIB


class Blocked(Exception):
    """Too many wrong media ids were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """One file. `owner`: the phone number's id; `public`: anybody with its link may read it, as on Meta's CDN."""

    id: str
    owner: str
    mime_type: str
    size: int
    sha256: str  # hex
    born: float
    days: int
    public: bool = False

    @property
    def ended(self) -> bool:
        """Whether the id is not good any more."""
        return time.time() > self.born + self.days * _DAY_SECONDS


class MediaStore:
    """A folder of files, each with its description beside it."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made with the first file."""
        self._folder = folder
        self._key = secrets.token_hex(8)  # links of an earlier run have ended
        self._wrong: dict[str, list[float]] = {}
        self._blocked: dict[str, float] = {}

    def add(self, content: bytes, *, owner: str, mime_type: str, days: int, public: bool = False) -> Medium:
        """Keep a file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        medium = Medium(
            id=str(10**15 + secrets.randbelow(9 * 10**15)),
            owner=owner,
            mime_type=mime_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            born=time.time(),
            days=days,
            public=public,
        )
        (self._folder / medium.id).write_bytes(content)
        write_whole(self._folder / f"{medium.id}.json", json.dumps(asdict(medium)).encode())
        return medium

    def find(self, media_id: str, *, asking: str) -> Medium:
        """The medium, for a token.

        Raises:
            GraphError: 100, subcode 33, it is not there (any more).
            Blocked: too many such answers before.
        """
        now = time.time()
        if self._blocked.get(asking, 0) > now:
            raise Blocked
        medium = self.get(media_id)
        if medium is not None and not medium.ended:
            return medium
        wrong = [at for at in self._wrong.get(asking, ()) if at > now - _ERRORS_SECONDS]
        self._wrong[asking] = [*wrong, now]
        if len(self._wrong[asking]) >= _MOST_ERRORS:
            self._blocked[asking] = now + _BLOCKED_SECONDS
            self._wrong[asking] = []
        raise unknown_object(media_id, method="get")

    def get(self, media_id: str) -> Medium | None:
        """The medium with this id, also one that has ended."""
        if not media_id.isascii() or not media_id.isdigit():
            return None
        try:
            return Medium(**json.loads((self._folder / f"{media_id}.json").read_text()))
        except FileNotFoundError:
            return None

    def forgive(self) -> None:
        """Block nobody."""
        self._wrong.clear()
        self._blocked.clear()

    def remove(self, medium: Medium) -> None:
        """Delete it."""
        (self._folder / medium.id).unlink(missing_ok=True)
        (self._folder / f"{medium.id}.json").unlink(missing_ok=True)

    def link(self, medium: Medium, *, base: str, seconds: float) -> str:
        """A URL that is good for so long."""
        ends = int((time.time() + seconds) * 1000)
        return f"{base}/lookaside/{medium.id}?ext={ends}&hash={self._sign(medium.id, ends)}"

    def read(self, media_id: str, *, ext: str, signature: str) -> tuple[Medium, bytes] | None:
        """The file behind a link; None when the link has ended or was never given."""
        medium = self.get(media_id)
        good = ext.isascii() and ext.isdigit() and secrets.compare_digest(self._sign(media_id, int(ext)), signature)
        if medium is None or not good or int(ext) < time.time() * 1000:
            return None
        return medium, (self._folder / media_id).read_bytes()

    def _sign(self, media_id: str, ends: int) -> str:
        return hashlib.sha256(f"{self._key}|{media_id}|{ends}".encode()).hexdigest()[:40]


def check_upload(content: bytes, mime_type: str) -> None:
    """Refuse what is too big or no file.

    Raises:
        GraphError: 131053 or 100.
    """
    kind = mime_type.partition("/")[0]
    if not content or not mime_type:
        raise GraphError(100, message="The parameter file is required.")
    if len(content) > LIMITS.get(kind, DOCUMENT_LIMIT):
        raise GraphError(131053, details=f"The file is too big for {mime_type}.")
