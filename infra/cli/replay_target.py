"""Where a replayed delivery goes and whose secret signs it: by its provider, which its `object` tells."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.language import say
from infra.cli.refusals import refused
from shared.channels.items import Unreadable
from shared.channels.products import provider_of
from shared.kit import bounded_json
from shared.platform.settings import OptionalSecretCommaList, SecretCommaList, Settings, load

ANY = "meta"  # the path of an app whose one callback is for all of Meta's products
PROVIDERS = ("whatsapp", "instagram", "messenger", ANY)


class _SigningSettings(Settings):
    """What intake reads too, without its other settings."""

    meta_app_secrets: SecretCommaList
    instagram_app_secrets: OptionalSecretCommaList = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One address, and the secret that its receiver expects."""

    url: str
    secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The receiver. `url`: given for all; else `intake` with a path for each provider."""

    url: str
    intake: str
    secrets: Mapping[str, bytes]

    def place(self, provider: str, *, path: str = "") -> Place:
        """Where deliveries of this provider go; `path` is another one's, such as that of all."""
        return Place(url=self.url or f"{self.intake}/{path or provider}", secret=self.secrets[provider])


def target_of(installation: Installation, *, url: str) -> Target:
    """Return where the replay goes.

    Raises:
        CommandFailed: no address is known, or no secret is set.
    """
    if not url and installation.ready is None:
        raise refused("settings_missing", reason=say("--url is missing"))
    with explained():
        settings = load(_SigningSettings)
    meta = settings.meta_app_secrets[0].get_secret_value().encode()
    of_instagram = settings.instagram_app_secrets
    instagram = of_instagram[0].get_secret_value().encode() if of_instagram else meta
    return Target(
        url=url,
        intake="" if installation.ready is None else f"{installation.ready['gateway']}/webhook_intake",
        secrets={"whatsapp": meta, "messenger": meta, "instagram": instagram},
    )


def provider_of_payload(raw: bytes) -> str | None:
    """The provider that a payload's `object` names; None when it names none."""
    try:
        return provider_of(bounded_json.parse(raw))
    except (bounded_json.Unusable, Unreadable):
        return None
