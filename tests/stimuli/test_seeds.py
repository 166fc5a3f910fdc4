from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from listenable.cli import main
from stimuli import MAX_SEED, SeedError, refuse_seed
from stimuli.soundscapes import make_soundscapes

COMMANDS = {
    "data": ["data", "soundscapes", "OUT"],
    "demo": ["demo", "--out", "OUT", "--no-serve"],
    "simulate": ["study", "simulate", "study"],
}


@pytest.mark.parametrize("seed", [-1, -(2**63), MAX_SEED + 1, 10**30])
def test_a_seed_that_a_generator_would_refuse_is_refused_at_once(seed: int) -> None:
    with pytest.raises(SeedError, match=f"^the seed is {seed}; expected 0 to 18446744073709551615$"):
        refuse_seed(seed)
    with pytest.raises(SeedError):
        make_soundscapes(seed=seed)


def test_the_first_and_the_last_seed_work_and_differ() -> None:
    first, last = (next(iter(make_soundscapes(2, 5, 0.5, seed))) for seed in (0, MAX_SEED))
    assert not np.array_equal(first.mixture, last.mixture)


@pytest.mark.parametrize("seed", ["-1", "18446744073709551616"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_so_in_one_sentence_and_writes_nothing(
    name: str, seed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = [str(out) if word == "OUT" else word for word in COMMANDS[name]]
    with pytest.raises(SystemExit) as stop:
        main([*words, "--seed", seed])
    assert stop.value.code == 2
    assert capsys.readouterr().err == f"Error: the seed is {seed}; expected 0 to 18446744073709551615\n"
    assert not out.exists()
