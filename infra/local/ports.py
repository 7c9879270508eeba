"""Free ports of this machine."""

import socket

ADDRESS = "127.0.0.1"


def reserved() -> socket.socket:
    """A socket bound to a free port, so that its number may be told before its server is ready.

    It does not listen; a server that sets SO_REUSEPORT too can bind the same port and take over.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((ADDRESS, 0))
    return holder


def port_of(holder: socket.socket) -> int:
    """The port of a bound socket."""
    return int(holder.getsockname()[1])


def free_port() -> int:
    """A port that is free at this moment, for a program that binds it itself."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return port_of(probe)
