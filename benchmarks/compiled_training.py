"""Processor time of an update of LMAC-TD, plain and through torch.compile, in turn, with one thread.

    python -m benchmarks.compiled_training [--repeats 9] [--presets tiny small]

Weights and clips are random: what they are does not change the work.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import time
from collections.abc import Callable

os.environ |= dict.fromkeys(
    ("OMP_NUM_THREADS", "TORCHINDUCTOR_COMPILE_THREADS", "TORCHINDUCTOR_FORCE_DISABLE_CACHES"), "1"
)

import torch

from benchmarks.loading.measure import format_seconds, ratio
from interpreter.explainers.lmac_td import LmacTdTask
from interpreter.explainers.lmac_td_settings import LmacTdConfig, build_lmac_td
from interpreter.kinds.classifier import ClassifierConfig, build_classifier
from interpreter.settings.presets import load_config

CLIPS_S = {"tiny": 2, "small": 5}  # the built-in sounds, and those of ESC-50
UPDATES = 3  # per measurement


def processor_time() -> float:
    """Return the processor seconds of this process and of the compilers that it started."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def make_update(preset: str, compiled: bool) -> Callable[[], None]:
    """Return a function that makes one update."""
    torch.manual_seed(0)
    labels = tuple(f"class {number}" for number in range(10))
    settings, config = load_config("classifier", preset, []), load_config("lmac-td", preset, [])
    assert isinstance(settings, ClassifierConfig) and isinstance(config, LmacTdConfig)
    classifier = build_classifier(settings, labels).eval().requires_grad_(False)
    network = build_lmac_td(config, classifier)
    task = LmacTdTask(network, classifier, config)
    for module in task.frozen:  # as in training
        module.to(memory_format=torch.channels_last)
    if compiled:
        network.compile()
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=config.learning_rate, fused=True)
    sounds = 0.1 * torch.randn(config.batch_size, CLIPS_S[preset] * config.sample_rate)
    batch = {"noisy": sounds, "clean": sounds, "target": torch.zeros(len(sounds), dtype=torch.long)}

    def update() -> None:
        optimiser.zero_grad()
        torch.autograd.backward(task.terms(batch, torch.Generator().manual_seed(0))["loss"])
        optimiser.step()

    return update


def seconds_of(update: Callable[[], None], updates: int = 1) -> float:
    """Return the processor time of an update."""
    begin = processor_time()
    for _ in range(updates):
        update()
    return (processor_time() - begin) / updates


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--presets", nargs="+", default=list(CLIPS_S), choices=CLIPS_S)
    options = parser.parse_args()
    repeats: int = options.repeats
    torch.set_num_threads(1)
    print("## LMAC-TD's training through torch.compile\n")
    print(
        "An update of 4 clips, its network as it is and after `network.compile()`, one thread, processor "
        f"time; medians of {repeats} times {UPDATES} updates (least to most), in turn; torch "
        f"{torch.__version__}.\n"
    )
    print(
        "| preset | plain | compiled | plain / compiled | compiling | pays after |\n"
        "|---|---:|---:|---:|---:|---:|"
    )
    for preset in options.presets:
        plain, compiled = make_update(preset, compiled=False), make_update(preset, compiled=True)
        seconds_of(plain)
        first = seconds_of(compiled)
        seconds_of(compiled, 2)
        times: dict[Callable[[], None], list[float]] = {plain: [], compiled: []}
        for _ in range(repeats):
            for update, seconds in times.items():
                seconds.append(seconds_of(update, UPDATES))
        gained = statistics.median(times[plain]) - statistics.median(times[compiled])
        compiling = first - statistics.median(times[compiled])
        pays = f"{compiling / gained:,.0f} updates" if gained > 0 else "never"
        cells = [format_seconds(times[plain]), format_seconds(times[compiled])]
        cells += [ratio(times[plain], times[compiled]), f"{compiling:.0f} s", pays]
        print(f"| `{preset}`, clips of {CLIPS_S[preset]} s | " + " | ".join(cells) + " |", flush=True)
    print(
        "\nTraining does not use it: the demo makes about 800 updates. TF32, which only GPUs have, "
        "could not be measured without one; nothing switches it on."
    )


if __name__ == "__main__":
    main()
