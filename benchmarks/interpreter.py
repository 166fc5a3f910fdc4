"""Speed and memory of LMAC-TD at the paper's size, compared with SpeechBrain's modules and the layer table.

    python -m benchmarks.interpreter [--parts unet masknet together evaluate] [--repeats 3] [--device cpu]

Five seconds at 16 kHz, batch 1, the same weights on both sides. Each measurement runs in a separate
process, so that its peak memory is its own, and calls twice; the peers take turns, and the medians of the
repeats count, with first calls counted separately.
`evaluate` scores clips by seven metrics: ours explains each clip once, its peer once per metric as the
published code does. Without `--parts`, LMAC-TD is measured only as a whole, in a few minutes.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.loading.evaluation import CLIPS, make_evaluation
from benchmarks.loading.measure import format_seconds, ratio, versions
from benchmarks.loading.speechbrain_parts import FRAMES, PlainUNet, speechbrain_parts

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = 80000
SHAPES = ((2048, 13, 2), (1024, 13, 2), (512, 26, 5), (256, 53, 10))
BOTH = ("forward", "forward + backward")
MODES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("unet", "masknet", "together"), BOTH), "evaluate": (f"{CLIPS} clips",),
}  # fmt: skip
USUAL = ("together", "evaluate")
CALLS = ("first", "later")
"""The first call of a process also pays for fresh memory; training and evaluations are mostly later ones."""


def make(part: str, who: str, device: str) -> Callable[[], tuple[Tensor, list[Tensor]]]:
    """Return a function that computes a part's output; its second result is what is differentiated."""
    if part == "evaluate":
        return make_evaluation(who)
    from interpreter.explainers.lmac_td_network import LmacTdNetwork
    from interpreter.networks.sepformer import Decoder, Encoder, MaskNet
    from interpreter.networks.unet import UNetDecoder

    torch.manual_seed(0)
    network = LmacTdNetwork(
        Encoder(), UNetDecoder(), MaskNet(activation="relu"), Decoder(), 0.75, padded=False
    )
    clip = (torch.rand(1, SAMPLES) - 0.5).to(device)
    maps = [torch.rand(1, *shape).to(device) for shape in SHAPES]
    frames = torch.rand(1, 256, FRAMES).to(device)
    centres = (torch.arange(FRAMES) * 8 + 7.5).to(device)
    network.to(device)
    if who == "ours" or who == "ours compiled":
        if who == "ours compiled":
            network = torch.compile(network)  # type: ignore[assignment]
        if part == "unet":
            return lambda: (network.unet(maps, centres, SAMPLES), list(network.unet.parameters()))
        if part == "masknet":
            return lambda: (network.masknet(frames), list(network.masknet.parameters()))

        def separate() -> tuple[Tensor, list[Tensor]]:
            parts = network(clip, maps)
            return torch.cat([parts.interpretation, parts.residual]), list(network.parameters())

        return separate
    unet = PlainUNet(network.unet).to(device)
    encoder, masknet, decoder = (module.to(device) for module in speechbrain_parts(network))
    if part == "unet":
        return lambda: (unet(maps), list(unet.parameters()))
    if part == "masknet":
        return lambda: (masknet(frames)[0], list(masknet.parameters()))

    def separate_plainly() -> tuple[Tensor, list[Tensor]]:
        encoded = encoder(clip)
        mask = masknet(0.25 * encoded + 0.75 * unet(maps))[0]
        both = torch.stack([decoder(mask * encoded).view(-1), decoder((1 - mask) * encoded).view(-1)])
        modules = (encoder, masknet, decoder, unet)
        return both, [parameter for module in modules for parameter in module.parameters()]

    return separate_plainly


def measure(part: str, who: str, mode: str, threads: int, device: str, output: Path) -> None:
    """Measure two calls and print their seconds and the peak memory as JSON; the child process's job."""
    torch.set_num_threads(threads)
    compute = make(part, who, device)
    backward = mode == "forward + backward"

    def explain_once() -> Tensor:
        with torch.set_grad_enabled(backward):
            result, parameters = compute()
            if backward:
                wanted = [parameter for parameter in parameters if parameter.requires_grad]
                torch.autograd.grad(result.square().sum(), wanted, allow_unused=True)
        if device != "cpu":
            torch.cuda.synchronize()
        return result.detach()

    held = _peak_gib(device)
    seconds = {}
    for call in CALLS:
        start = time.perf_counter()
        result = explain_once()
        seconds[call] = time.perf_counter() - start
    torch.save(result.cpu(), output)
    print(json.dumps({**seconds, "held_gib": held, "peak_gib": _peak_gib(device)}))


def _peak_gib(device: str) -> float:
    if device == "cpu":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return torch.cuda.max_memory_allocated() / 2**30


def child(part: str, who: str, mode: str, arguments: argparse.Namespace, output: Path) -> dict[str, float]:
    """Run `measure` in a separate process."""
    command = [sys.executable, "-m", "benchmarks.interpreter", "--child", part, who, mode, str(output)]
    command += ["--threads", str(arguments.threads), "--device", arguments.device]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=580, check=False)
    if done.returncode:
        raise SystemExit(f"{part}, {who}, {mode}: ended with {done.returncode}\n{done.stderr[-2000:]}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Measure every part and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", default=list(USUAL))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compiled", action="store_true", help="measure torch.compile as well")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        part, who, mode, output = arguments.child
        measure(part, who, mode, arguments.threads, arguments.device, Path(output))
        return
    print("## LMAC-TD at the paper's size, and evaluation\n")
    print(
        f"Peers: the modules of {versions('speechbrain')} and the published layer table; in `evaluate` one "
        "run "
        f"per metric. Medians of {arguments.repeats} (least to most), batch 1, {arguments.threads} threads, "
        f"{arguments.device}; each process calls twice: the first call also pays for fresh memory, training "
        "consists of later ones. Memory is the process's peak, in brackets without what it used before the "
        "first call (torch, the weights). The difference is the largest, relative to the largest value.\n"
    )
    print("| part | mode | peers | ours | peers / ours | peers GiB | ours GiB | memory | difference |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    ours_names = ["ours", "ours compiled"] if arguments.compiled else ["ours"]
    for part in arguments.parts:
        for mode in MODES[part]:
            rows(part, mode, ours_names, arguments)


def rows(part: str, mode: str, ours_names: list[str], arguments: argparse.Namespace) -> None:
    """Measure a part in one mode and print one row for each of ours."""
    with tempfile.TemporaryDirectory() as folder:
        runs: dict[str, list[dict[str, float]]] = {}
        for _ in range(arguments.repeats):
            for who in ("peers", *ours_names):
                output = Path(folder) / f"{who}.pt"
                runs.setdefault(who, []).append(child(part, who, mode, arguments, output))
        expected = torch.load(Path(folder) / "peers.pt", weights_only=True)
        for who in ours_names:
            found = torch.load(Path(folder) / f"{who}.pt", weights_only=True)
            difference = float((found - expected).abs().max() / expected.abs().max())
            name = f"{part} (compiled)" if who != "ours" else part
            memory = _memory(runs["peers"], runs[who])
            for call in CALLS:
                peers, ours = _of(runs["peers"], call), _of(runs[who], call)
                times = f"{format_seconds(peers)} | {format_seconds(ours)} | {ratio(peers, ours)}"
                print(f"| {name} | {mode}, {call} | {times} | {memory} | {difference:.1e} |", flush=True)


def _memory(peers: list[dict[str, float]], ours: list[dict[str, float]]) -> str:
    theirs, mine = (statistics.median(_of(runs, "peak_gib")) for runs in (peers, ours))
    held = [statistics.median(_of(runs, "held_gib")) for runs in (peers, ours)]
    beyond = (mine - held[1]) / (theirs - held[0])
    return f"{theirs:.2f} | {mine:.2f} | {mine / theirs:.2f}x ({beyond:.2f}x)"


def _of(runs: list[dict[str, float]], name: str) -> list[float]:
    return [run[name] for run in runs]


if __name__ == "__main__":
    # As a script this file would hide the package of the same name.
    if not __package__:
        raise SystemExit("Run it as: python -m benchmarks.interpreter")
    main()
