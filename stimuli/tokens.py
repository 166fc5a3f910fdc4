"""What all pages share: the palette and the scales as CSS custom properties, and a player.

Reports, companion pages and pages of explained sounds include the files; the server sends the palette.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["PLAYER_SCRIPT", "PLAYER_STYLE", "TOKENS"]

TOKENS = Path(__file__).parent / "tokens.css"
PLAYER_STYLE = Path(__file__).parent / "player.css"
PLAYER_SCRIPT = Path(__file__).parent / "player.js"
