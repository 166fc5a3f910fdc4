"""What the server raises on purpose.

```
ServerError            ends a command with one sentence and exit code 2
├── StoreError         the database cannot be used (other study, other version, not reachable)
└── Refusal            a request that is turned down; carries its HTTP status
    ├── AnswerError    400: a page answer that does not fit its page
    ├── DoorError      403: no session for this participant (closed, full, already)
    └── Unavailable    503: the database cannot be used now; nothing was stored
```
"""

from __future__ import annotations

__all__ = ["AnswerError", "DoorError", "Refusal", "ServerError", "StoreError", "Unavailable"]


class ServerError(ValueError):
    """Base of everything this package raises on purpose; its text is one sentence for a person."""

    exit_code = 2


class StoreError(ServerError):
    """The database cannot be opened, or is not this study's."""


class Refusal(ServerError):
    """A request that is answered with an error.

    Args:
        sentence: What is wrong, for a person.
        status: The HTTP status of the answer.
        **details: Further keys of the JSON answer.
    """

    def __init__(self, sentence: str, status: int, **details: object) -> None:
        super().__init__(sentence)
        self.status = status
        self.details = details


class AnswerError(Refusal):
    """A page answer that does not fit its page."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, 400)


class DoorError(Refusal):
    """No session is given out; ``reason`` is ``closed``, ``full`` or ``already``."""

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(sentence, 403, reason=reason)


class Unavailable(Refusal):
    """The database cannot be used now; what was sent may be sent again after ``retry_after_s``."""

    def __init__(self, sentence: str, retry_after_s: int, **details: str) -> None:
        super().__init__(sentence, 503, retry_after_s=retry_after_s, **details)
