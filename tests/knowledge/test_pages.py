"""Pages come from public addresses alone, whatever an address, a redirect or a name server says, and in time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from shared.knowledge.ingestion.pages import Pages
from shared.knowledge.ingestion.retrying import Failed
from tests.knowledge.ingesting import pages
from tests.knowledge.sites import serving

if TYPE_CHECKING:
    from tests.knowledge.sites import Site


def failure(fetching: Pages, url: str) -> str:
    with pytest.raises(Failed) as failed:
        fetching.fetch(url)
    fetching.close()
    return failed.value.code


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
def test_a_name_that_stands_for_a_private_address_is_not_connected_to(address: str) -> None:
    """S1: one private address among public ones is enough."""
    fetching = Pages(resolve=lambda *_: ["157.240.12.53", address])
    assert failure(fetching, "https://loja.example/") == "address_not_public"


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://169.254.169.254/computeMetadata/v1/", "https://[::1]/"])
def test_an_address_in_numbers_is_looked_at_as_well(url: str) -> None:
    """S1."""
    assert failure(Pages(), url) in ("address_not_public", "host_not_allowed")


def test_a_name_is_resolved_once_for_a_connection() -> None:
    """S1: a name server that answers differently the second time is not asked a second time."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    assert failure(Pages(resolve=rebinding), "https://loja.example/") == "address_not_public"
    assert asked == ["loja.example"]


def test_a_redirect_into_the_own_network_is_not_followed(site: Site) -> None:
    """S1; the control below shows that the other server would answer."""
    with serving() as elsewhere:
        target = elsewhere.put("/x", "segredo")
        url = site.put("/", "", status=302, location=target)
        assert failure(pages(site), url) == "host_not_allowed"
        assert elsewhere.asked == []
        both = Pages(trusted=frozenset({site.url, elsewhere.url}))
        assert both.fetch(url).raw == b"segredo"
        both.close()


def test_a_site_that_answers_byte_by_byte_is_left_in_time(site: Site) -> None:
    """S1."""
    url = site.put("/", "a" * 1000)
    site.is_slow = True
    began = time.monotonic()
    assert failure(pages(site, total_seconds=0.5), url) == "timeout"
    assert time.monotonic() - began < 5
