"""One process at a time has a folder."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from stimuli.files import lock_folder


def test_one_at_a_time_has_the_lock_of_a_folder(tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        with pytest.raises(BlockingIOError), lock_folder(tmp_path):
            pass
        waits = threading.Thread(target=lambda: lock_folder(tmp_path, wait=True).__enter__())
        waits.start()
        waits.join(0.05)
        assert waits.is_alive()
    waits.join(10)
    assert not waits.is_alive()


def test_a_file_system_without_locks_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int, _operation: int) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    with lock_folder(tmp_path), lock_folder(tmp_path, wait=True):
        pass
