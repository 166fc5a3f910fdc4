"""What stands for an option's value in help texts: `--out PATH`, `--overlap SECONDS`."""

from __future__ import annotations

from typing import Any

from typer import Context
from typer.core import TyperCommand, TyperOption

BY_OPTION = {
    "abandoned-after": "MINUTES",
    "against": "NAME",
    "anchor": "NAME",
    "attribute": "SCALE",
    "by": "COLUMN",
    "classifier": "TARGET",
    "column": "NAME=HEADER",
    "compare-with": "NAME",
    "conditions": "NAMES",
    "database": "URL",
    "device": "DEVICE",
    "duration": "SECONDS",
    "embed": "SITE",
    "host": "ADDRESS",
    "listener": "COLUMN",
    "max-page-kib": "KIB",
    "method": "METHOD",
    "order": "ORDER",
    "overlap": "SECONDS",
    "pairs": "PAIRS",
    "pilot": "PATH",
    "port": "PORT",
    "proxy-address": "ADDRESS",
    "public-url": "URL",
    "reference": "NAME",
    "reference-name": "NAME",
    "role": "NAME=ROLE",
    "run": "RUN",
    "sample-rate": "HZ",
    "scale": "LOWEST HIGHEST",
    "screens": "NAMES",
    "second-classifier": "RUN",
    "seconds": "SECONDS",
    "set": "KEY=VALUE",
    "snr": "DB",
    "start": "RUN",
    "target-lufs": "LUFS",
    "train-folds": "FOLDS",
    "url": "URL",
    "window": "SECONDS",
}
BY_TYPE = (("path", "PATH"), ("float", "NUMBER"), ("int", "N"), ("str", "TEXT"))


class DescribedCommand(TyperCommand):
    """A command in whose help each option that takes a value names what is expected, in capitals."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for option in self.params:
            if isinstance(option, TyperOption) and not option.is_flag and option.metavar is None:
                shown = option.display_type(Context(self))
                option.metavar = choose_placeholder(option.opts[0].lstrip("-"), shown)


def choose_placeholder(option: str, shown: str) -> str:
    """Return what stands for the value of an option.

    Args:
        option: its name, without dashes.
        shown: Typer's name of its type, such as `<list[str]>`, or its choices, such as `<csv|json>`.
    """
    if "|" in shown:
        return shown.strip("<>")
    if option in BY_OPTION:
        return BY_OPTION[option]
    words = [word for name, word in BY_TYPE if name in shown.lower()]
    return ",".join(words[:1] * (shown.count(",") + 1)) if words else "TEXT"
