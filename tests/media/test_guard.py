"""Bytes come from Meta's hosts and public addresses alone, whatever a URL, a redirect or a name server says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.media.fetching import Fetching
from shared.media.hosts import HostNotAllowed, origin_name, origin_of
from shared.platform.public_network import is_public
from tests.media.conftest import PNG
from tests.media.provider import serving

if TYPE_CHECKING:
    from tests.media.conftest import Scene

NONE: frozenset[str] = frozenset()

REFUSED = [
    "http://lookaside.fbsbx.com/x",
    "ftp://lookaside.fbsbx.com/x",
    "file:///etc/passwd",
    "gopher://lookaside.fbsbx.com/x",
    "//lookaside.fbsbx.com/x",
    "lookaside.fbsbx.com/x",
    "",
    "https://",
    "https://lookaside.fbsbx.com:8443/x",
    "https://user@lookaside.fbsbx.com/x",
    "https://lookaside.fbsbx.com@evil.example/x",
    "https://lookaside.fbsbx.com.evil.example/x",
    "https://evil.example/lookaside.fbsbx.com",
    "https://evillookaside.fbsbx.com/x",
    "https://evilfbcdn.net/x",
    "https://.fbcdn.net/x",
    "https://fbcdn.net/x",
    "https://facebook.com/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://0/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://017700000001/x",
    "https://169.254.169.254/computeMetadata/v1/",
    "https://metadata.google.internal/x",
    "https://lookaside.fbsbx.com\\@evil.example/x",
    "https://lookaside.fbsbx.com:99999/x",
    "https://[lookaside.fbsbx.com/x",
    "https://l\u043e\u043ekaside.fbsbx.com/x",
]


@pytest.mark.parametrize("url", REFUSED)
def test_a_url_elsewhere_is_refused(url: str) -> None:
    """D-05, S1, S2."""
    with pytest.raises(HostNotAllowed):
        origin_of(url, trusted=NONE)


@pytest.mark.parametrize(
    ("url", "takes_bearer"),
    [
        ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&ext=2", True),
        ("https://LOOKASIDE.fbsbx.com/x", True),
        ("https://scontent-gru1-1.cdninstagram.com/v/t51/x.jpg", False),
        ("https://video-gru.xx.fbcdn.net/v/x.mp4", False),
        ("https://cdn.fbsbx.com/v/x.pdf", False),
        ("https://mmg.whatsapp.net/v/x", False),
    ],
)
def test_metas_hosts_are_allowed_and_few_get_the_token(url: str, takes_bearer: bool) -> None:  # noqa: FBT001
    """D-05."""
    origin = origin_of(url, trusted=NONE)
    assert (origin.takes_bearer, origin.trusted) == (takes_bearer, False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "fc00::1",
        "fd12::1",
        "fe80::1%eth0",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2001:0:53aa:64c:0:0:80ff:fffe",
        "2001:db8::1",
        "not an address",
        "",
    ],
)
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    """S1."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["157.240.12.53", "2a03:2880:f10d::1", "::ffff:157.240.12.53", "64:ff9b::9df0:c35"])
def test_a_public_address_is_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["157.240.12.53", "10.0.0.1"], ["::1"], ["169.254.169.254"]])
def test_a_name_of_metas_that_stands_for_a_private_address_is_not_connected_to(
    scene: Scene, addresses: list[str]
) -> None:
    """S1: one private address among public ones is enough to refuse."""
    fetching = Fetching(resolve=lambda *_: addresses)
    transfer = scene.transfer(None, url="https://lookaside.fbsbx.com/x")
    assert scene.run(transfer, fetching=fetching).state == "refused"
    assert scene.state(transfer)[1] == "address_not_public"


def test_a_name_is_resolved_once_for_a_connection(scene: Scene) -> None:
    """S1: a name server that answers differently the second time is not asked a second time."""
    answers = [["10.0.0.1"], ["127.0.0.1"]]
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers.pop(0)

    transfer = scene.transfer(None, url="https://lookaside.fbsbx.com/x")
    scene.run(transfer, fetching=Fetching(resolve=rebinding))
    assert asked == ["lookaside.fbsbx.com"]


def test_a_redirect_elsewhere_is_not_followed(scene: Scene) -> None:
    """D-05: neither to a host that is not Meta's nor into the own network."""
    with serving() as elsewhere:
        scene.provider.put("m1", PNG, redirect=f"{elsewhere.url}/files/m1/0")
        transfer = scene.transfer("m1")
        assert scene.run(transfer).state == "refused"
        assert scene.state(transfer)[1] == "host_not_allowed"
        assert elsewhere.calls == []


def test_a_media_url_elsewhere_is_not_called(scene: Scene) -> None:
    """D-05: also when the Graph API itself names it."""
    with serving() as elsewhere:
        scene.provider.put("m1", PNG, url=f"{elsewhere.url}/files/m1/0")
        transfer = scene.transfer("m1")
        assert scene.run(transfer).state == "refused"
        assert elsewhere.calls == []


def test_the_control_with_the_other_host_trusted_is_called_and_gets_the_token(scene: Scene) -> None:
    """The negative control: the refusals above come from the list of hosts."""
    with serving() as elsewhere:
        elsewhere.put("m1", PNG)
        scene.provider.put("m1", PNG, redirect=f"{elsewhere.url}/files/m1/0")
        both = frozenset({origin_name(scene.provider.url), origin_name(elsewhere.url)})
        assert scene.run(scene.transfer("m1"), fetching=Fetching(trusted=both)).state == "stored"
        assert len(elsewhere.calls) == 1


def test_redirects_that_never_end_do(scene: Scene) -> None:
    scene.provider.put("m1", PNG, redirect="/files/m1/1")
    transfer = scene.transfer("m1")
    assert scene.run(transfer).code == "bad_answer"
    assert len(scene.provider.downloads()) == 4
