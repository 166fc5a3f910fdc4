"""The text tower against a slower second writing, and what sharing pieces of words does."""

from __future__ import annotations

import zlib

import torch

from interpreter.networks.text_tower import TextTower, hash_pieces


def by_hand(tower: TextTower, text: str) -> torch.Tensor:
    """Average the rows of the pieces one by one, project, and bring to length one."""
    pieces: list[str] = []
    for word in text.lower().split():
        marked = f"<{word}>"
        pieces.append(marked)
        for size in (3, 4, 5):
            for start in range(len(marked)):
                piece = marked[start : start + size]
                if len(piece) == size:
                    pieces.append(piece)
    rows = [tower.table.weight[zlib.crc32(piece.encode()) % tower.rows] for piece in pieces]
    projected = tower.project.weight @ (sum(rows) / len(rows)) + tower.project.bias
    return projected / projected.norm()


def test_a_text_is_the_mean_of_its_pieces() -> None:
    torch.manual_seed(0)
    tower = TextTower(width=5, rows=64, hidden=7)
    texts = ["Church bells", "a", "rain on a roof"]
    found = tower(texts)
    for row, text in zip(found, texts, strict=True):
        assert torch.allclose(row, by_hand(tower, text), atol=1e-6)


def test_signs_do_not_count_and_a_text_without_letters_has_a_place() -> None:
    assert hash_pieces("Dog, barking!", 1 << 14) == hash_pieces("dog barking", 1 << 14)
    assert hash_pieces("...", 64) == (zlib.crc32(b"<>") % 64,)
    assert TextTower(width=4, rows=64, hidden=4)(["", "?!"]).isfinite().all()


@torch.no_grad()
def test_texts_that_share_pieces_are_alike() -> None:
    torch.manual_seed(1)
    tower = TextTower(width=64, rows=1 << 14, hidden=64)
    torch.nn.init.zeros_(tower.project.bias)
    bird, birds, engine = tower(["a bird singing", "birds singing", "an engine idles"])
    assert float(bird @ birds) > 0.7 > 0.4 > float(bird @ engine)
