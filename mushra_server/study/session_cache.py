"""What is worked out for each session, kept for those that were there last.

Whoever starts sessions fills such a cache, in each study of a folder. If every study kept so many sessions
for itself, a stranger could have the server hold gigabytes, so all studies of a process share one; and its
bound is on what sessions are made of, which is more in one study than in another.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sized
from typing import Generic, TypeVar

__all__ = ["SessionCache"]

LOCKS = 64
"""For so many keys at once, with few exceptions: what takes long in one study holds up no other."""

Kept = TypeVar("Kept", bound=Sized)


class SessionCache(Generic[Kept]):
    """Values that are made when they are first asked for; those that were asked for long ago make room.

    Args:
        most: How many parts all values may have together, each itself being one; the newest is always kept.

    A key begins with whose the value is.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[Hashable, ...], Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._making = [threading.Lock() for _ in range(LOCKS)]
        self.parts = 0

    def find(self, key: tuple[Hashable, ...]) -> Kept | None:
        """Return the value of a key if it is kept, else None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def get(self, key: tuple[Hashable, ...], make: Callable[[], Kept]) -> Kept:
        """Return the value of a key; of those who ask for a new one at once, one makes it.

        As many threads as there are would else work out the same, and all others wait for the interpreter.
        """
        found = self.find(key)
        if found is not None:
            return found
        with self._making[hash(key) % LOCKS]:
            found = self.find(key)  # whoever was first has made it
            if found is not None:
                return found
            made = make()
            with self._lock:
                self._kept[key] = made
                self.parts += 1 + len(made)
                while self.parts > self._most and len(self._kept) > 1:
                    self.parts -= 1 + len(self._kept.popitem(last=False)[1])
        return made

    def forget(self, owner: Hashable) -> None:
        """Keep nothing of an owner, who asks no more."""
        with self._lock:
            for key in [key for key in self._kept if key[0] is owner]:
                self.parts -= 1 + len(self._kept.pop(key))
