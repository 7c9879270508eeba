"""How the server says no: a status code of gRPC and a sentence."""

import grpc


class Refused(Exception):
    """The request is not carried out; `status` is what the client library turns into its exception."""

    def __init__(self, status: grpc.StatusCode, message: str) -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.status = status
        self.message = message


def invalid(message: str) -> Refused:
    """INVALID_ARGUMENT: the request itself is wrong."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def missing(message: str) -> Refused:
    """NOT_FOUND: no such queue or task."""
    return Refused(grpc.StatusCode.NOT_FOUND, message)


def exists(message: str) -> Refused:
    """ALREADY_EXISTS: the name is taken, or was until lately."""
    return Refused(grpc.StatusCode.ALREADY_EXISTS, message)


def unavailable(message: str) -> Refused:
    """UNAVAILABLE: try again."""
    return Refused(grpc.StatusCode.UNAVAILABLE, message)
