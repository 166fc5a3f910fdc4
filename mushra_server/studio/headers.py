"""The headers of uploaded sounds, read by a process that may take little: whoever sent them may mean harm.

What decodes sounds is written in C and takes whatever a file asks for: a comment in Ogg is held whole, be it
gigabytes, and a few kilobytes describe codebooks of any size. In the server's own process that would be the
memory of all listeners, and a fault of the decoder their end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mushra_server.admin.background import end_first
from mushra_server.errors import Refusal

__all__ = ["Header", "main", "read_headers"]

MOST_BYTES = 128 * 1024**2
"""Of memory that reading a header takes: a cover is a few megabytes."""
FILE_S = 60.0
"""For one file: an MP3 file that does not say how long it is has to be read to its end."""
ALL_S = 1200.0
MOST_ENDS = 3
"""Files of one upload that may end the process: each is followed by another one."""


class Header(NamedTuple):
    """What a sound file says of itself."""

    frames: int
    rate: int
    channels: int

    @property
    def seconds(self) -> float:
        """How long the sound is."""
        return self.frames / self.rate


def read_headers(paths: Sequence[Path]) -> list[Header | None]:
    """Return the header of each file; None if it is not a sound or takes too much to be read.

    Raises:
        Refusal: 400 if several files end the process that reads them, or it takes very long.
    """
    found: list[Header | None] = []
    for _ in range(1 + MOST_ENDS):
        found += _ask(paths[len(found) :])
        if len(found) == len(paths):
            return found
        found.append(None)  # at which the process has ended
    raise Refusal("the sounds cannot be read; expected WAV, FLAC, Ogg, MP3 or AIFF", 400)


def _ask(paths: Sequence[Path]) -> list[Header | None]:
    """Return the headers of the files until one ends the process."""
    if not paths:
        return []
    # What the decoders print is no line for the server's log.
    quiet, names = subprocess.DEVNULL, b"\0".join(map(os.fsencode, paths))
    command = [sys.executable, "-m", "mushra_server.studio.headers", str(MOST_BYTES), str(FILE_S)]
    try:
        said = subprocess.run(
            command, input=names, stdout=subprocess.PIPE, stderr=quiet, timeout=ALL_S
        ).stdout
    except subprocess.TimeoutExpired:
        raise Refusal(f"reading the sounds took longer than {ALL_S / 60:g} minutes", 400) from None
    whole = said[: said.rfind(b"\n") + 1].splitlines()
    return [Header(*map(int, line.split())) if line else None for line in whole]


def main(most_bytes: int, file_s: float) -> None:
    """Write a line for each of the files that standard input names: frames, rate and channels, or nothing."""
    import soundfile

    names = sys.stdin.buffer.read().split(b"\0")
    _limit_memory(most_bytes)
    for name in names:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, file_s)  # which ends this process
        line = ""
        # A TypeError comes of a name that ends in .raw.
        with contextlib.suppress(soundfile.LibsndfileError, RuntimeError, TypeError, MemoryError):
            info = soundfile.info(os.fsdecode(name))
            line = f"{info.frames} {info.samplerate} {info.channels}"
        print(line, flush=True)


def _limit_memory(most_bytes: int) -> None:
    """Let this process have so much memory beyond what it has now (Linux)."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + most_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    end_first()
    main(int(sys.argv[1]), float(sys.argv[2]))
