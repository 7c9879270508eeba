"""The providers whose webhooks are taken in: for each path, how to know that it is them and how to read what they say.

A new provider is one more row of `providers_by_path`, with its own verify and split in `shared/channels/`. Meta's three
products have a path each, and one for an app whose only callback is for all of them: there the body says whose it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from shared.channels.items import Item
from shared.channels.products import SPLITS, provider_of
from shared.channels.whatsapp import handshake, signature

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case and values, as received, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What intake must know of a provider.

    Attributes:
        name: as in integrations.connections.provider, or "meta" where only the body says whose it is.
        verify: which secret signed these headers and raw bytes; None when none did.
        split: the items of a parsed body; raises Unreadable.
        handshake: what to echo to a GET with this query; None when it is not to be answered. None: it has no GET.
        name_of: the provider of a parsed body, where the path does not say it; raises Unreadable.
    """

    name: str
    verify: Callable[[Headers, bytes], str | None]
    split: Callable[[object], list[Item]]
    handshake: Callable[[bytes], bytes | None] | None = None
    name_of: Callable[[object], str] | None = None


def providers_by_path(
    *, meta_app_secrets: Sequence[bytes], meta_verify_token: str, instagram_app_secrets: Sequence[bytes] = ()
) -> dict[str, Provider]:
    """Return the provider of each path below the function's URL.

    Args:
        meta_app_secrets: the active secrets of the Meta app, which signs for all three products.
        meta_verify_token: the handshake's token, the same for all paths.
        instagram_app_secrets: the active secrets of the Instagram app, which signs what comes by Instagram Login; they
            are accepted where Instagram's deliveries come, and nowhere else.
    """
    of_meta = [signature.AppSecret(secret) for secret in meta_app_secrets]
    of_both = [*of_meta, *(signature.AppSecret(secret, app="instagram-app") for secret in instagram_app_secrets)]
    greeted = partial(handshake.challenge_of, verify_token=meta_verify_token)
    signed_by_meta, signed_by_either = partial(_signed_by, secrets=of_meta), partial(_signed_by, secrets=of_both)
    verifies = {"whatsapp": signed_by_meta, "instagram": signed_by_either, "messenger": signed_by_meta}
    paths = {
        f"/{name}": Provider(name=name, verify=verifies[name], split=split, handshake=greeted)
        for name, split in SPLITS.items()
    }
    paths["/meta"] = Provider(
        name="meta", verify=signed_by_either, split=_split_any, handshake=greeted, name_of=provider_of
    )
    return paths


def _signed_by(headers: Headers, raw: bytes, *, secrets: Sequence[signature.AppSecret]) -> str | None:
    return signature.verify(values_of(headers, signature.HEADER), raw, secrets=secrets)


def _split_any(document: object) -> list[Item]:
    return SPLITS[provider_of(document)](document)


def values_of(headers: Headers, name: bytes) -> list[bytes]:
    """Return all values of the header with this lower-case name."""
    return [value for given, value in headers if given == name]
