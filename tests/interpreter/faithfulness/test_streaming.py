"""A metric over a stream: any batch size gives the same items, mean and interval."""

from __future__ import annotations

import math

import pytest
import torch

from interpreter.faithfulness import Streaming, ad, bootstrap_mean


def test_streams_of_any_batch_size_have_one_mean(triple) -> None:
    before, inside, _, target = triple
    whole = float(ad(before, inside, target).mean())
    for size in (1, 7, 40):
        stream = Streaming(ad)
        for start in range(0, len(target), size):
            part = slice(start, start + size)
            stream.update(before[part], inside[part], target[part])
        assert stream.compute() == pytest.approx(whole)
        assert len(stream.values) == len(target)
    other = Streaming(ad)
    other.update(before, inside, target)
    stream.merge(other)
    assert len(stream.values) == 2 * len(target)
    stream.reset()
    assert math.isnan(stream.compute())


def test_a_stream_gives_back_its_items_and_their_interval(triple) -> None:
    before, inside, _, target = triple
    stream = Streaming(ad)
    assert stream.values.shape == (0,) and math.isnan(stream.compute())
    first = stream.update(before[:10], inside[:10], target[:10])
    assert torch.equal(first, ad(before[:10], inside[:10], target[:10])) and first.dtype == torch.double
    stream.update(before[10:], inside[10:], target[10:])
    values = ad(before, inside, target)
    assert torch.equal(stream.values, values)
    clips = [at // 4 for at in range(40)]
    assert stream.interval() == bootstrap_mean(values.numpy(), seed=0)
    assert stream.interval(clips, seed=3) == bootstrap_mean(values.numpy(), clips, seed=3)
    assert stream.interval(clips) != stream.interval()


def test_a_stream_leaves_out_what_is_undefined() -> None:
    stream = Streaming(lambda values: values)
    stream.update(torch.tensor([1.0, float("nan"), 4.0]))
    assert stream.compute() == 2.5
