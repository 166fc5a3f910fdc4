"""The palette and the scales that all pages share, as CSS custom properties: `tokens.css`.

Reports, companion pages and pages of explained sounds include the file; the server sends it.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["TOKENS"]

TOKENS = Path(__file__).parent / "tokens.css"
