"""Speed and memory of LMAC-TD at the paper's size, beside SpeechBrain's modules and the layer table.

    python benchmarks/interpreter.py [--parts unet masknet together evaluate] [--repeats 3] [--device cpu]

Five seconds at 16 kHz, batch 1, the same weights on both sides. Each measurement runs in a process of its
own, so that its peak memory is its own; the peers take turns, and the median of the repeats counts.
`evaluate` scores 32 clips by seven metrics: ours explains each clip once, its peer once per metric as the
published code does.
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
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

HERE = Path(__file__).resolve().parent
sys.path[:] = [
    path for path in sys.path if Path(path or ".").resolve() != HERE
]  # this file has the package's name

SAMPLES, FRAMES, CLIPS = 80000, 9999, 32
SHAPES = ((2048, 13, 2), (1024, 13, 2), (512, 26, 5), (256, 53, 10))
MODES = dict.fromkeys(("unet", "masknet", "together"), ("forward", "forward + backward"))
MODES["evaluate"] = ("32 clips",)
METRICS = ("ai", "ad", "ag", "ff", "fid_in", "sps", "comp")


class PlainUNet(nn.Module):
    """The published layer table, one call after the other, and the crop at the end."""

    def __init__(self, ours: nn.Module) -> None:
        super().__init__()
        self.convt = nn.ModuleList(getattr(ours, f"convt{number}") for number in range(1, 10))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return the frames `[B, 256, 9999]`."""
        layer = [None, *self.convt]
        x = torch.relu(layer[1](maps[0])) + torch.relu(layer[2](maps[1]))
        x = torch.relu(layer[3](x)) + torch.relu(layer[4](maps[2]))
        x = torch.relu(layer[5](x)) + torch.relu(layer[6](maps[3]))
        x = layer[9](layer[8](torch.relu(layer[7](x))))
        return x.squeeze(1).permute(0, 2, 1)[:, :, :FRAMES]


def speechbrain_parts(network: Any) -> tuple[nn.Module, nn.Module, nn.Module]:
    """Return SpeechBrain's encoder, dual-path model and decoder with the weights of `network`."""
    warnings.simplefilter("ignore")
    from speechbrain.lobes.models.dual_path import Decoder, Dual_Path_Model, Encoder, SBTransformerBlock

    def stack(layers: int) -> Any:
        return SBTransformerBlock(
            num_layers=layers,
            d_model=256,
            nhead=8,
            d_ffn=256,
            dropout=0,
            use_positional_encoding=True,
            norm_before=True,
        )

    encoder = Encoder(kernel_size=16, out_channels=256)
    masknet = Dual_Path_Model(
        num_spks=1,
        in_channels=256,
        out_channels=256,
        num_layers=2,
        K=250,
        intra_model=stack(8),
        inter_model=stack(2),
        norm="ln",
        linear_layer_after_inter_intra=False,
        skip_around_intra=True,
    )
    decoder = Decoder(256, 1, 16, stride=8, bias=False)
    encoder.load_state_dict(network.encoder.state_dict())
    masknet.load_state_dict(network.masknet.state_dict())
    decoder.load_state_dict(network.decoder.state_dict())
    return encoder, masknet, decoder


def make_evaluation(who: str) -> Callable[[], tuple[Tensor, list[Tensor]]]:
    """Return a function that scores 32 synthetic clips, explained by a slim LMAC-TD, with seven metrics."""
    from interpreter.classifier import CnnClassifier
    from interpreter.evaluate import evaluate_items
    from interpreter.lmac_td import LmacTd
    from interpreter.networks import build_lmac_td
    from interpreter.presets import load_config
    from stimuli import Dataset
    from stimuli.soundscapes import make_soundscapes, write_soundscapes

    folder = Path(tempfile.mkdtemp())
    write_soundscapes(folder, make_soundscapes(classes=8, clips=5, duration_s=5.0, seed=0))
    dataset = Dataset.load(folder)
    dataset = dataset.select(dataset.clips[:CLIPS])
    torch.manual_seed(0)
    classifier = CnnClassifier(dataset.labels, embedding_dim=128).eval()
    explainer = LmacTd(classifier, build_lmac_td(load_config("lmac-td", "tiny"), classifier))  # type: ignore[arg-type]

    def once_for_all() -> tuple[Tensor, list[Tensor]]:
        table = evaluate_items([explainer], dataset, floors=False)
        return torch.tensor(table[list(METRICS)].mean().to_numpy()), []

    def once_per_metric() -> tuple[Tensor, list[Tensor]]:
        means = []
        for name in METRICS:
            values = []
            for at in range(0, CLIPS, 2):
                rows = [torch.from_numpy(dataset.read(clip, 16000)) for clip in dataset.clips[at : at + 2]]
                explanation = explainer.explain(classifier.prepare(torch.stack(rows)))
                values.append(metric(name, explanation, classifier.front_end))
            means.append(torch.cat(values).double().mean())
        return torch.stack(means), []

    return once_for_all if who == "ours" else once_per_metric


def metric(name: str, explanation: Any, front_end: Any) -> Tensor:
    """Return one metric of each item."""
    from interpreter.faithfulness import functional

    formula = getattr(functional, name)
    if name in ("sps", "comp"):
        return formula(front_end.log_magnitude(explanation.interpretation))  # type: ignore[no-any-return]
    part = explanation.probability_out if name == "ff" else explanation.probability_in
    before = () if name == "fid_in" else (explanation.probability_before,)
    return formula(*before, part, explanation.target)  # type: ignore[no-any-return]


def make(part: str, who: str, device: str) -> Callable[[], tuple[Tensor, list[Tensor]]]:
    """Return a function that computes a part's output; the second result is what gradients are taken of."""
    if part == "evaluate":
        return make_evaluation(who)
    from interpreter.lmac_td import LmacTdNetwork
    from interpreter.sepformer import Decoder, Encoder, MaskNet
    from interpreter.unet import UNetDecoder

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
    """Measure once and print seconds and peak memory as JSON; the child process's job."""
    torch.set_num_threads(threads)
    compute = make(part, who, device)
    backward = mode == "forward + backward"

    def once() -> Tensor:
        with torch.set_grad_enabled(backward):
            result, parameters = compute()
            if backward:
                wanted = [parameter for parameter in parameters if parameter.requires_grad]
                torch.autograd.grad(result.square().sum(), wanted, allow_unused=True)
        if device != "cpu":
            torch.cuda.synchronize()
        return result.detach()

    if (
        device != "cpu" or mode == "forward"
    ):  # a first call sets up kernels; without gradients it costs little
        once()
    start = time.perf_counter()
    result = once()
    seconds = time.perf_counter() - start
    torch.save(result.cpu(), output)
    if device == "cpu":
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    else:
        peak = torch.cuda.max_memory_allocated() / 2**30
    print(json.dumps({"seconds": seconds, "peak_gib": peak}))


def child(part: str, who: str, mode: str, arguments: argparse.Namespace, output: Path) -> dict[str, float]:
    """Run `measure` in a process of its own."""
    command = [sys.executable, __file__, "--child", part, who, mode, str(output)]
    command += ["--threads", str(arguments.threads), "--device", arguments.device]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False)
    if done.returncode:
        raise SystemExit(f"{part}, {who}, {mode}: ended with {done.returncode}\n{done.stderr[-2000:]}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Measure every part and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", default=list(MODES))
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
        "Peers: SpeechBrain 1.1.2's modules and the published layer table; in `evaluate` a run per metric.\n"
    )
    print("| part | mode | peers s | ours s | faster | peers GiB | ours GiB | memory | largest difference |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    ours_names = ["ours", "ours compiled"] if arguments.compiled else ["ours"]
    for part in arguments.parts:
        for mode in MODES[part]:
            with tempfile.TemporaryDirectory() as folder:
                runs: dict[str, list[dict[str, float]]] = {}
                for _ in range(arguments.repeats):
                    for who in ("peers", *ours_names):
                        output = Path(folder) / f"{who}.pt"
                        runs.setdefault(who, []).append(child(part, who, mode, arguments, output))
                peers, peers_gib = _median(runs["peers"])
                expected = torch.load(Path(folder) / "peers.pt", weights_only=True)
                for who in ours_names:
                    seconds, gib = _median(runs[who])
                    found = torch.load(Path(folder) / f"{who}.pt", weights_only=True)
                    difference = float((found - expected).abs().max() / expected.abs().max())
                    name = f"{part} (compiled)" if who != "ours" else part
                    print(
                        f"| {name} | {mode} | {peers:.2f} | {seconds:.2f} | {peers / seconds:.2f}x "
                        f"| {peers_gib:.2f} | {gib:.2f} | {gib / peers_gib:.2f}x | {difference:.1e} |",
                        flush=True,
                    )


def _median(runs: list[dict[str, float]]) -> tuple[float, float]:
    return (
        statistics.median(run["seconds"] for run in runs),
        statistics.median(run["peak_gib"] for run in runs),
    )


if __name__ == "__main__":
    main()
