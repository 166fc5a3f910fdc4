"""What can be trained, by name: one line for each kind, which is read without loading PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interpreter.explainers.learned import LearnedMethod
    from interpreter.kinds.kind import TrainedKind


@dataclass(frozen=True)
class Entry:
    """What the command line says of a kind, and where its record is.

    Attributes:
        home: `module:NAME` of its `TrainedKind` or `LearnedMethod`.
        summary: the help of its `train` command.
        needs_classifier: whether it is trained for a classifier.
        starts_from: the kind of run that its training starts from, or None.
        classifies: whether its runs are classifiers, which can be explained.
        explains: the kind of classifier that it is trained for, if it needs one.
    """

    home: str
    summary: str
    needs_classifier: bool = True
    starts_from: str | None = None
    classifies: bool = False
    explains: str = "classifier"


KINDS: dict[str, Entry] = {
    "classifier": Entry(
        "interpreter.kinds.classifier:CLASSIFIER",
        "Train the classifier: CNN14 on mel bands.",
        needs_classifier=False,
        classifies=True,
    ),
    "zero-shot": Entry(
        "interpreter.kinds.zero_shot:ZERO_SHOT",
        "Train a classifier whose classes are texts: CNN14 next to a text tower.",
        needs_classifier=False,
        classifies=True,
    ),
    "lmac-td": Entry(
        "interpreter.explainers.lmac_td:LMAC_TD",
        "Train LMAC-TD, whose explanations are sound: a mask on a filter bank's frames.",
    ),
    "lmac": Entry("interpreter.explainers.lmac:LMAC", "Train L-MAC: a mask on the STFT."),
    "lmac-ft": Entry(
        "interpreter.explainers.lmac:LMAC_FT",
        "Fine-tune the L-MAC of --start, guided by the clean clips.",
        starts_from="lmac",
    ),
    "nmf": Entry("interpreter.kinds.nmf:NMF", "Train the dictionary of spectra that L2I explains with."),
    "separator": Entry(
        "interpreter.kinds.separator:SEPARATOR",
        "Train the separator of sounds whose parts audioLIME explains with.",
        needs_classifier=False,
    ),
    "l2i": Entry(
        "interpreter.explainers.l2i:L2I",
        "Train L2I: which entries of the dictionary of --start speak for a class.",
        starts_from="nmf",
    ),
    "piq": Entry(
        "interpreter.explainers.piq:PIQ",
        "Train PIQ: masks drawn from codes that belong to classes.",
    ),
    "lmac-zs": Entry(
        "interpreter.explainers.lmac_zs:LMAC_ZS",
        "Train LMAC-ZS for a classifier of train zero-shot: any text asks for its own mask.",
        explains="zero-shot",
    ),
}


CLASSIFIERS: tuple[str, ...] = tuple(kind for kind, entry in KINDS.items() if entry.classifies)
"""Kinds of runs that are classifiers."""


def record_of(kind: str) -> TrainedKind[Any, Any]:
    """Return the record of a kind, a key of `KINDS`."""
    module, _, name = KINDS[kind].home.partition(":")
    record: TrainedKind[Any, Any] = getattr(import_module(module), name)
    return record


def learned_methods() -> dict[str, LearnedMethod[Any, Any]]:
    """Return the records of the kinds that explain, by name."""
    from interpreter.explainers.learned import LearnedMethod

    records = {kind: record_of(kind) for kind in KINDS}
    return {kind: record for kind, record in records.items() if isinstance(record, LearnedMethod)}
