"""What several commands take: a study and its database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StudyPath = Annotated[Path, typer.Argument(help="The study's folder.", show_default=False)]
DatabaseUrl = Annotated[
    str | None, typer.Option(help="Database URL; by default ratings.sqlite3 in the study's folder.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for a free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")]
BehindProxy = Annotated[bool, typer.Option(help="Trust the X-Forwarded-* headers of a reverse proxy.")]
ProxyAddress = Annotated[
    str | None, typer.Option(help="Address or network of that proxy; by default, it is on this machine.")
]
