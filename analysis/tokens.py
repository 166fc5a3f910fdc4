"""The palette and the scales that all pages share: one style sheet, `templates/tokens.css`.

The report and the companion page include it, and the server sends it. The interpreter may not reach this
package: `interpreter/recordings/tokens.css` is the same file.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["TOKENS"]

TOKENS = Path(__file__).parent / "templates" / "tokens.css"
