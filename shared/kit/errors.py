"""The two outcomes that are not success: wrong for ever, and try later. Anything else that is raised is a defect."""


class Rejected(Exception):
    """Wrong for ever: a repetition cannot help, so a queue is answered with success and a person with a refusal.

    `code` is a key of `shared.platform.refusals.REFUSALS`; `message` names the thing, the value's kind and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Unavailable(Exception):
    """Try later: our own trouble, or a provider's. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
