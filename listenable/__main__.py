"""`python -m listenable` is the command `listenable`."""

from __future__ import annotations

from listenable.cli import main

main()
