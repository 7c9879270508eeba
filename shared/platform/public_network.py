"""Connects to public addresses only: a name is resolved once, all its addresses are looked at, and one of them is used.

So that no URL, redirect or name server leads a request into our own network (also not by answering differently the
second time).
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpcore

Resolve = Callable[[str, int], list[str]]

# RFC 6052: an IPv4 address inside an IPv6 one. Python calls the prefix global whatever it holds.
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class AddressNotPublic(Exception):
    """A name stands for an address that is not on the public internet; the message names neither."""


def is_public(address: str) -> bool:
    """Whether it is on the public internet: not private, loopback, link-local, shared, reserved or multicast."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, by the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedNetwork(httpcore.NetworkBackend):
    """httpcore's own network, which connects to checked addresses. `trusted` says which hosts need no check."""

    def __init__(self, *, trusted: Callable[[str, int], bool], resolve: Resolve = resolve) -> None:
        self._plain = httpcore.SyncBackend()
        self._trusted = trusted
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers; TLS goes on to use the name. Raises AddressNotPublic."""
        try:
            addresses = self._resolve(host, port)
        except OSError:
            raise httpcore.ConnectError("the name does not resolve") from None
        if not self._trusted(host, port) and not all(is_public(address) for address in addresses):
            raise AddressNotPublic("the host has an address that is not public")
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                return self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                failure = failed
        raise failure
