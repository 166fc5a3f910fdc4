"""The listening tests that a study can be built for: one record per test, with what follows from its name.

Nothing heavy is imported here, so that help and errors can list the tests at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

TestName = Literal[
    "mushra", "mushra-nmr", "acr", "dcr", "ccr", "ab", "abx", "bs1116", "p835", "best-worst"
]  # fmt: skip
"""How a test is called in `--test`, in files of choices and in a config."""

TEST_NAMES: tuple[TestName, ...] = get_args(TestName)

Presents = Literal["all", "one", "pair", "block"]
"""What a page plays of an item: all conditions, one, two, or a block of several of them."""


@dataclass(frozen=True)
class ListeningTest:
    """What follows from the choice of a test.

    Attributes:
        name: as people choose it.
        page_type: of its pages in a config.
        presents: how many conditions of an item a page plays.
        asks: what listeners do, in a few words.
        standard: the document that describes the test; empty if there is none.
        open_reference: whether listeners hear a sound that is named the reference, so that one is needed.
        anchors: whether the test has the anchors of BS.1534.
        original: whether webMUSHRA itself can show its pages.
        scale: ends of the scale, as `page_type` stores it; None if the study chooses its scales.
    """

    name: TestName
    page_type: str
    presents: Presents
    asks: str
    standard: str = ""
    open_reference: bool = False
    anchors: bool = False
    original: bool = True
    scale: tuple[float, float] | None = (1, 5)


TESTS: dict[str, ListeningTest] = {
    test.name: test
    for test in (
        ListeningTest(
            "mushra",
            "mushra",
            "all",
            "score all conditions against a named reference",
            "ITU-R BS.1534-3",
            open_reference=True,
            anchors=True,
            scale=None,
        ),
        ListeningTest(
            "mushra-nmr",
            "mushra",
            "all",
            "score all conditions; the reference is one of them and is not named",
            "Varadhan et al. 2024 (arXiv 2411.12719)",
            anchors=True,
            original=False,
            scale=None,
        ),
        ListeningTest(
            "acr", "likert_single_stimulus", "one", "score one sound at a time", "ITU-T P.800 and P.808"
        ),
        ListeningTest(
            "dcr",
            "dcr",
            "one",
            "say how much a sound is degraded, after the reference",
            "ITU-T P.800, annex D",
            open_reference=True,
            original=False,
        ),
        ListeningTest(
            "ccr",
            "ccr",
            "pair",
            "compare the second of two sounds with the first",
            "ITU-T P.800, annex E",
            original=False,
            scale=(-3, 3),
        ),
        ListeningTest("ab", "ab", "pair", "choose the preferred of two sounds", original=False, scale=(0, 1)),
        ListeningTest("abx", "abx", "pair", "say whether X is A or B", original=False, scale=(0, 1)),
        ListeningTest(
            "bs1116",
            "bs1116",
            "one",
            "find the impaired one of two sounds and grade it, against a named reference",
            "ITU-R BS.1116-3",
            open_reference=True,
        ),
        ListeningTest(
            "p835",
            "likert_single_stimulus",
            "one",
            "score signal, background and overall quality in turn",
            "ITU-T P.835",
        ),
        ListeningTest(
            "best-worst",
            "best_worst",
            "block",
            "choose the best and the worst of four sounds",
            "Louviere, Flynn & Marley 2015, Best-Worst Scaling",
            original=False,
            scale=(-1, 1),
        ),
    )
}
