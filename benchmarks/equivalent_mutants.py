"""Mutants that behave as the original does as far as a user could see, each with the reason."""

from __future__ import annotations

DOUBLE = "what comes in is of double precision already"
SYMMETRIC = "the larger of two is the same in either order"
ANY_NEGATIVE = "NumPy takes any negative length as the one to be found"

# Module -> "the line as it is | the change" -> reason.
EQUIVALENT: dict[str, dict[str, str]] = {
    "stimuli.loudness": {
        "columns = np.atleast_2d(np.asarray(audio, dtype=np.float64).T) | "
        "np.asarray(audio, dtype=np.float64) -> np.asarray(audio)": "the filters compute in double precision",
        "power = power[_lufs(power) > GATE_LUFS] | _lufs(power) > GATE_LUFS -> _lufs(power) >= GATE_LUFS": (
            "a block exactly on the gate does not occur in practice"
        ),
        "return np.asarray(-0.691 + 10 * np.log10(power), dtype=np.float64) | np.asarray(-0.691 + 10 * "
        "np.log10(power), dtype=np.float64) -> np.asarray(-0.691 + 10 * np.log10(power))": DOUBLE,
    },
    "stimuli.anchors": {
        "columns = audio.reshape(len(audio), -1).astype(np.float64) | 1 -> 2": ANY_NEGATIVE,
    },
    "analysis.statistics.bootstrap": {
        "over_listeners = by_listener @ (table.toarray() if dense else table) | dense -> not dense": (
            "both ways give the same sum; one is faster"
        ),
        "shaped = over_listeners.reshape(len(by_listener), -1, by_item.shape[1]) | 1 -> 2": ANY_NEGATIVE,
    },
    "analysis.statistics.corrections": {
        "out = np.array(p, dtype=float) | np.array(p, dtype=float) -> np.array(p)": DOUBLE,
    },
    "analysis.statistics.permutation": {
        "_CHUNK = 1000  # draws at once: bounds the memory, does not change the numbers | 1000 -> 1001": (
            "it bounds the memory; a test compares draws at and past its limit"
        ),
    },
    "analysis.statistics.moderation": {
        "low, high = np.full_like(excess, 1e-3), np.full_like(excess, (conditions - 2.0) * df) "
        "| 0.001 -> 0": ("mean squares whose logarithms have a variance of 4,000,000 do not occur"),
        "errors = np.sqrt(np.maximum(2 * variances, np.finfo(float).tiny)) | np.maximum(2 * variances, "
        "np.finfo(float).tiny) -> np.maximum(np.finfo(float).tiny, 2 * variances)": SYMMETRIC,
    },
    "analysis.statistics.variance": {
        "return np.maximum(solution, 0.0) | np.maximum(solution, 0.0) -> "
        "np.maximum(0.0, solution)": SYMMETRIC,
        "negative = [k for k in (0, 1) if used[k] and solution[k] < 0] | solution[k] < 0 -> "
        "solution[k] <= 0": ("a component of exactly zero is zero either way"),
        "return np.array([a, b, (y**2).sum(), y.sum() ** 2 / self.n]) | y.sum() ** 2 -> y.sum() * 2": (
            "the scores come in with a mean of zero"
        ),
    },
    "analysis.statistics.jackknife": {
        "low, high = np.tanh(ends) if stabilised else np.clip(ends, -1.0, 1.0) | "
        "np.clip(ends, -1.0, 1.0) -> np.clip(-1.0, ends, 1.0)": SYMMETRIC,
        "pseudo = n * scaled[0] - (n - 1) * scaled[1:] | n * scaled[0] - (n - 1) * "
        "scaled[1:] -> n * scaled[0] + (n - 1) * scaled[1:]": (
            "only the spread of the pseudo-values is used"
        ),
        "if np.isnan(values).any() or np.ptp(values) < 1e-12: | np.isnan(values).any() "
        "-> np.isnan(values).all()": ("one nan makes both ends nan in the steps that follow"),
    },
    "stimuli.files": {
        "return False | return False -> return None": ("only its truth is used"),
    },
    "study_builder.design.incomplete_blocks": {
        "if len(a) < 2: | 2 -> 1": (
            "swapping the only things that differ swaps the blocks, and gains nothing"
        ),
        "met = np.zeros((size, size), dtype=np.int64) | np.zeros((size, size), "
        "dtype=np.int64) -> np.zeros((size, size))": ("counts are exact in double precision too"),
    },
    "study_builder.sounds.outliers": {
        "value, count = counts.most_common(1)[0] | 1 -> 2": ("only the first is used"),
    },
    "analysis.models.mos": {
        'out = pd.DataFrame(records).merge(listed, on="condition", how="left", '
        "sort=False) | pd.DataFrame(records).merge(listed, on='condition', how='left', "
        "sort=False) -> pd.DataFrame(records).merge(listed, how='left', sort=False)": (
            "the condition is the only column that both tables have"
        ),
    },
    "interpreter.networks.filter_bank": {
        "order = torch.arange(size, dtype=torch.float64)[:, None] | torch.arange(size, "
        "dtype=torch.float64) -> torch.arange(size)": (
            "the time that it is multiplied by is of double precision"
        ),
    },
    "study_builder.sounds.anchor_mask": {
        "width = max(1, round(SMOOTHING_HZ / (frequency[1] - frequency[0]))) | frequency[1] - frequency[0] "
        "-> frequency[1] + frequency[0]": "the first frequency is 0",
    },
    "interpreter.explainers.lmac_td": {
        'terms["sum"] = -si_sdr(total, waveforms).mean() | si_sdr(total, waveforms) -> '
        "si_sdr(waveforms, total)": "the SI-SDR depends on the angle between the two, which has no order",
    },
}
