"""The leaderboard says what the table and the items say, and needs nothing but itself."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
import soundfile
import torch

from interpreter.evaluation.run import evaluate_runs
from interpreter.evaluation.samples import _count_passes
from interpreter.explainers.untrained import UNTRAINED_METHODS
from interpreter.loading import load_classifier


class Tables(HTMLParser):
    """The cells of every table, as (value to sort by, text) with the interval left out."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[tuple[str | None, str]]]] = []
        self.small = False

    def handle_starttag(self, tag, attributes) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append((dict(attributes).get("data-value"), ""))
        self.small = tag == "small" or (self.small and tag != "small")

    def handle_endtag(self, tag) -> None:
        self.small = self.small and tag != "small"

    def handle_data(self, data) -> None:
        if self.tables and self.tables[-1] and self.tables[-1][-1] and not self.small:
            value, text = self.tables[-1][-1][-1]
            self.tables[-1][-1][-1] = (value, text + data.strip())


@pytest.fixture(scope="module")
def written(runs, dataset, tmp_path_factory):
    from interpreter.evaluation.run import EvaluationPlan

    plan = EvaluationPlan((runs["lmac-td"],), dataset.root, ("saliency",), sanity=1, batch_size=2)
    out = tmp_path_factory.mktemp("board") / "scores.csv"
    evaluate_runs(replace(plan, limit=3), out)
    return out


def test_the_page_shows_the_table(written) -> None:
    page, table = written.with_suffix(".html").read_text(), pd.read_csv(written)
    parser = Tables()
    parser.feed(page)
    headings, *rows = parser.tables[0]
    assert [text for _, text in headings][:9] == [
        "Method",
        "AI",
        "AD",
        "AD (published)",
        "AG",
        "FF",
        "Fid-In",
        "SPS",
        "COMP",
    ]
    assert [row[0][1] for row in rows] == list(table["label"])
    for row, (_, expected) in zip(rows, table.iterrows(), strict=True):
        for at, name in ((1, "ai"), (4, "ag"), (5, "ff")):
            assert float(row[at][0]) == pytest.approx(expected[name], rel=1e-4, abs=1e-6)
            decimals = 2 if name == "ff" else 1
            assert float(row[at][1]) == pytest.approx(expected[name], abs=0.51 * 10**-decimals)
    assert page.count('class="bound"') == table["method"].str.startswith(("floor-", "oracle-")).sum()
    assert not re.findall(r'(?:src|href)="(?!data:)', page)


def test_classes_are_means_of_their_items(written) -> None:
    parser = Tables()
    parser.feed(written.with_suffix(".html").read_text())
    items = pd.read_csv(written.with_suffix(".items.csv"))
    headings, first, *_ = parser.tables[1]
    assert len(parser.tables) == 4
    method = items[items["method"] == items["method"].iloc[0]]
    for (_, heading), (_, text) in zip(headings[1:], first[1:], strict=True):
        name, count = heading.rstrip(")").split(" (")
        of_class = method[method["category"] == name]
        assert len(of_class) == int(count)
        assert float(text) == pytest.approx(of_class["ai"].mean(), abs=0.051)


def test_the_clips_of_each_method_can_be_heard(written, dataset) -> None:
    page = written.with_suffix(".html").read_text()
    sounds = re.findall(r'src="data:audio/flac;base64,([^"]+)"', page)
    assert len(sounds) == 2 * 2 * 2  # methods, clips, input and interpretation
    samples, rate = soundfile.read(io.BytesIO(b64decode(sounds[0])))
    assert rate == 16000 and len(samples) == 8000 and abs(samples).max() > 0.1
    items = pd.read_csv(written.with_suffix(".items.csv"))
    saliency = items[items["method"] == "saliency"]
    best = saliency.loc[(saliency["ag"] - saliency["ad"]).idxmax(), "item"]
    assert best in page.split("<h3>Saliency</h3>")[1].split("Gains least")[0]


def test_passes_are_counted(runs) -> None:
    classifier = load_classifier(runs["classifier"])
    clip = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    counts = {}
    for name, options in (("saliency", {}), ("occlusion", {"patch": (22, 513)})):
        explainer = UNTRAINED_METHODS[name](classifier, **options)
        with _count_passes(classifier) as heard:
            explainer.explain(clip)
        counts[name] = sum(heard)
    # prediction, gradient, both parts; and for occlusion the clip and two of its 44 frames' halves
    assert counts == {"saliency": 1 + 1 + 2, "occlusion": 1 + 1 + 2 + 2}
    assert not any(module._forward_hooks for module in classifier.modules())
