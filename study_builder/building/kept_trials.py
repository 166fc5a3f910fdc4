"""Trials that stay in memory between two passes over a set, as far as there is room for them."""

from __future__ import annotations

from threading import Lock

from study_builder.building.trial_audio import TrialAudio

ROOM_BYTES = 2**28


class KeptTrials:
    """Prepared trials by item; what does not fit is read again by whoever needs it. For several threads.

    Args:
        room_bytes: most that the sounds may take together.
    """

    def __init__(self, room_bytes: int) -> None:
        self._room = room_bytes
        self._trials: dict[str, TrialAudio] = {}
        self._lock = Lock()

    def offer(self, item: str, trial: TrialAudio) -> None:
        """Keep a trial if there is room."""
        size = sum(audio.nbytes for audio in trial.sounds.values())
        with self._lock:
            if size <= self._room:
                self._room -= size
                self._trials[item] = trial

    def take(self, item: str) -> TrialAudio | None:
        """Return a trial, which is then no longer kept, or None."""
        return self._trials.pop(item, None)
