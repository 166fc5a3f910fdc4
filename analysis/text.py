"""The report's sentences: the methods paragraph that can be pasted into a paper, and its references."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from analysis.ratings import REFERENCES
from analysis.results import Results
from analysis.screening import RULES

REFERENCES_OF = {
    "bs1534": "ITU-R. Recommendation BS.1534-3: Method for the subjective assessment of intermediate "
              "quality level of audio systems. 2015.",
    "henderson": "C. R. Henderson. Estimation of variance and covariance components. Biometrics "
                 "9(2):226–252, 1953.",
    "satterthwaite": "F. E. Satterthwaite. An approximate distribution of estimates of variance "
                     "components. Biometrics Bulletin 2(6):110–114, 1946.",
    "ribeiro": "F. Ribeiro, D. Florêncio, C. Zhang, M. Seltzer. CrowdMOS: An approach for crowdsourcing "
               "mean opinion score studies. ICASSP 2011, 2416–2419.",
    "owen": "A. B. Owen. The pigeonhole bootstrap. Annals of Applied Statistics 1(2):386–411, 2007.",
    "efron": "B. Efron. Better bootstrap confidence intervals. Journal of the American Statistical "
             "Association 82:171–185, 1987.",
    "holm": "S. Holm. A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
            "Statistics 6:65–70, 1979.",
    "hochberg": "Y. Hochberg. A sharper Bonferroni procedure for multiple tests of significance. "
                "Biometrika 75(4):800–802, 1988.",
    "pratt": "J. W. Pratt. Remarks on zeros and ties in the Wilcoxon signed rank procedures. Journal of "
             "the American Statistical Association 54:655–667, 1959.",
    "mendonca": "C. Mendonça, S. Delikaris-Manias. Statistical tests with MUSHRA data. AES 144th "
                "Convention, 2018.",
    "camp": "J. Camp, T. Kenter, L. Finkelstein, R. Clark. MOS vs. AB: Evaluating text-to-speech systems "
            "reliably using clustered standard errors. Interspeech 2023.",
}  # fmt: skip

_INTERVALS = {
    "two-way": (
        "95 % intervals treat listeners and items as random (variance components by Henderson's method I, "
        "Satterthwaite's degrees of freedom), so that they speak about new listeners and new items",
        ["henderson", "satterthwaite", "camp"],
    ),
    "listener": ("95 % intervals are t intervals over listeners, the items taken as fixed", []),
    "item": ("95 % intervals are t intervals over items, the listeners taken as fixed", []),
    "crowdmos": ("95 % intervals follow Ribeiro et al. (two-way random effects, min(listeners, items) − 1 "
                 "degrees of freedom)", ["ribeiro"]),
    "naive-t": (
        "95 % intervals are t intervals over single ratings as if they were independent; ratings of one "
        "listener or one "
        "item are not, so that these intervals are too narrow",
        ["camp"],
    ),
    "bootstrap": (
        "95 % intervals are BCa bootstrap intervals over listeners and items resampled together",
        ["owen", "efron"],
    ),
}  # fmt: skip

_TESTS = {
    "two-way": "the t test of the same two-way model",
    "wilcoxon": "the Wilcoxon signed-rank test over listeners (Pratt's zeros)",
    "permutation": "a sign-flip permutation test over listeners",
    "medians": "the permutation test of medians of BS.1534-3, attachment 3, which ignores the pairing",
}


def software() -> str:
    """Return the name and version of this software."""
    try:
        return f"listenable {version('listenable')}"
    except PackageNotFoundError:
        return "listenable"


def methods(results: Results) -> str:
    """Return the paragraph on methods, in words that can go into a paper."""
    rows, left, options = results.ratings, results.screened, results.options
    trials = left[(left["kind"] == "trial") & left["score"].notna()]
    low, high = results.scale
    sentences = [
        "SIMULATED ratings: no person listened." if results.simulated else "",
        f"{rows['listener'].nunique()} listeners rated {trials['condition'].nunique()} conditions of "
        f"{trials['item'].nunique()} items on a scale from {low:g} to {high:g}.",
        _screening(results),
        f"Mean opinion scores are plain means of {len(trials)} ratings; {_INTERVALS[options.interval][0]}.",
        _comparisons(results),
        f"Analysed with {software()} (seed {options.seed}).",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def references(results: Results) -> list[str]:
    """Return the references that the methods paragraph rests on."""
    options = results.options
    keys = [*_INTERVALS[options.interval][1]]
    if _rules_applied(results):
        keys.append("bs1534")
    if "comparisons" in results.tables:
        keys += ["henderson", "satterthwaite", "pratt", "mendonca"]
        keys += [options.correction] if options.correction in REFERENCES_OF else []
    return sorted(REFERENCES_OF[key] for key in set(keys))


def _rules_applied(results: Results) -> list[str]:
    """Return the rules of BS.1534-3 that were to exclude listeners and had something to judge."""
    roles = set(results.ratings["role"])
    judged = {"hidden-reference": not roles.isdisjoint(REFERENCES), "mid-anchor": "mid_anchor" in roles}
    return [rule for rule in RULES if rule in results.options.exclude and judged[rule]]


def _screening(results: Results) -> str:
    rules = _rules_applied(results)
    further = [name for name in results.options.exclude if name not in RULES]
    reasons = [set(text.split("; ")) for text in results.screening["rules"]]
    by_rules = [not hit.isdisjoint(rules) for hit in reasons]
    sentences = []
    if rules:
        which = "post-screening rules" if len(rules) == 2 else f"{rules[0]} rule"
        sentences.append(
            f"{_excluded(by_rules)} by the {which} of ITU-R BS.1534-3, applied to each listener's own trials."
        )
    elif set(RULES) & set(results.options.exclude):
        sentences.append(
            "There was no hidden reference and no mid anchor, so nobody was screened by BS.1534-3."
        )
    else:
        sentences.append("Listeners were not screened by BS.1534-3.")
    if further:
        others = [not hit.isdisjoint(further) for hit in reasons]
        alone = [other and not rule for other, rule in zip(others, by_rules, strict=True)]
        sentences.append(f"{_excluded(alone)} by further criteria ({', '.join(further)}).")
    return " ".join(sentences)


def _excluded(who: list[bool]) -> str:
    n, total = sum(who), len(who)
    if n == 0:
        return "No listener was excluded"
    return f"{n} of {total} listeners {'was' if n == 1 else 'were'} excluded"


def _comparisons(results: Results) -> str:
    if "comparisons" not in results.tables:
        return ""
    options, n = results.options, len(results.tables["comparisons"])
    correction = (
        ""
        if options.correction == "none"
        else f", corrected by {options.correction.capitalize()}'s method over {n} comparisons"
    )
    return (
        f"Conditions were compared in pairs within listener and item by {_TESTS[options.test]}{correction}."
    )
