"""What ends a training early, reported so that people, shells and schedulers understand it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lightning.pytorch.utilities.exceptions import SIGTERMException

from interpreter.devices import is_out_of_memory
from interpreter.errors import ConfigError, Terminated


@contextmanager
def explain_interruptions(out: Path, batch_size: int) -> Iterator[None]:
    """Give lack of memory, SIGTERM and Ctrl-C their sentence and their exit code.

    Args:
        out: the run folder.
        batch_size: of the training.

    Raises:
        ConfigError: out of memory.
        Terminated: Lightning left the training at SIGTERM, with an exit that looks like success.
        KeyboardInterrupt: Lightning left the training at Ctrl-C, with its own exit.
    """
    try:
        yield
    except SIGTERMException as error:
        raise Terminated(
            f"{out}: the training was terminated (SIGTERM); finished epochs are kept; continue with --resume"
        ) from error
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise ConfigError(
            f"out of memory with batches of {batch_size} clips; lower batch_size "
            "(--set batch_size=N), shorten the clips (--set duration_s=S) or use a smaller network, and "
            "train again"
        ) from error
