"""Embeddings of texts without a vocabulary: hashed pieces of words, averaged and projected."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from zlib import crc32

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

PIECES = (3, 4, 5)
"""Lengths of the pieces, in letters."""


class TextTower(nn.Module):
    """Maps texts to unit vectors; any text has one, and texts that share pieces of words are alike.

    Each word is written between `<` and `>` and cut into pieces of three to five letters, which together
    with the word itself are hashed to rows of a table (as fastText's, Bojanowski et al. 2017).

    Args:
        width: of the embeddings.
        rows: of the table.
        hidden: numbers in a row.
    """

    def __init__(self, width: int = 64, rows: int = 1 << 14, hidden: int = 64) -> None:
        super().__init__()
        self.rows = rows
        self.table = nn.EmbeddingBag(rows, hidden, mode="mean")
        self.project = nn.Linear(hidden, width)

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Return unit vectors `[texts, width]`."""
        device = self.project.weight.device
        numbers = [hash_pieces(text, self.rows) for text in texts]
        starts = [0, *accumulate(map(len, numbers))][:-1]
        flat = torch.tensor([number for some in numbers for number in some], device=device)
        means = self.table(flat, torch.tensor(starts, device=device))
        return normalize(self.project(means), dim=1)


@lru_cache(maxsize=1 << 14)
def hash_pieces(text: str, rows: int) -> tuple[int, ...]:
    """Return the rows of the table that a text has; one without letters has the row of the empty word."""
    letters = "".join(sign if sign.isalnum() else " " for sign in text.lower())
    words = [f"<{word}>" for word in letters.split()] or ["<>"]
    pieces = [word[at : at + size] for word in words for size in PIECES for at in range(len(word) - size + 1)]
    return tuple(crc32(piece.encode()) % rows for piece in (*words, *pieces))
