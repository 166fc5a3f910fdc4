"""What ends a training before its time, told so that people, shells and schedulers understand it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lightning.pytorch.utilities.exceptions import SIGTERMException

from interpreter.devices import is_out_of_memory
from interpreter.errors import ConfigError, Terminated


@contextmanager
def endings_explained(out: Path, batch_size: int) -> Iterator[None]:
    """Give lack of memory, SIGTERM and Ctrl-C their sentence and their exit code.

    Args:
        out: the run folder.
        batch_size: of the training.

    Raises:
        ConfigError: memory does not suffice.
        Terminated: Lightning left the training at SIGTERM, with an exit that looks like success.
        KeyboardInterrupt: Lightning left the training at Ctrl-C, with an exit of its own.
    """
    try:
        yield
    except SIGTERMException as error:
        raise Terminated(
            f"{out}: the training was terminated (SIGTERM); the epochs before are kept, go on with --resume"
        ) from error
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise ConfigError(
            f"memory does not suffice for the network with batches of {batch_size} clips; lower batch_size "
            "(--set batch_size=N), shorten the clips (--set duration_s=S) or take a smaller network, and "
            "train anew"
        ) from error
