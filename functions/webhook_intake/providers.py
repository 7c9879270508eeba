"""The providers whose webhooks are taken in: for each path, how to know that it is them and how to read what they say.

A new provider is one more row of `providers_by_path`, with its own verify and split in `shared/channels/`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from shared.channels.items import Item
from shared.channels.whatsapp import envelope, handshake, signature

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case and values, as received, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What intake must know of a provider.

    Attributes:
        name: as in integrations.connections.provider.
        verify: which secret signed these headers and raw bytes; None when none did.
        split: the items of a parsed body; raises Unreadable.
        handshake: what to echo to a GET with this query; None when it is not to be answered. None: it has no GET.
    """

    name: str
    verify: Callable[[Headers, bytes], str | None]
    split: Callable[[object], list[Item]]
    handshake: Callable[[bytes], bytes | None] | None = None


def providers_by_path(*, meta_app_secrets: Sequence[bytes], meta_verify_token: str) -> dict[str, Provider]:
    """Return the provider of each path below the function's URL."""
    secrets = [signature.AppSecret(secret) for secret in meta_app_secrets]

    def signed_by_meta(headers: Headers, raw: bytes) -> str | None:
        return signature.verify(values_of(headers, signature.HEADER), raw, secrets=secrets)

    return {
        "/whatsapp": Provider(
            name="whatsapp",
            verify=signed_by_meta,
            split=envelope.split,
            handshake=partial(handshake.challenge_of, verify_token=meta_verify_token),
        ),
    }


def values_of(headers: Headers, name: bytes) -> list[bytes]:
    """Return all values of the header with this lower-case name."""
    return [value for given, value in headers if given == name]
