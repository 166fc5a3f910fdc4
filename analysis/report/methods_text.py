"""The report's sentences: the methods paragraph that can be pasted into a paper, and its references."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from analysis.ratings.reuse import reusable
from analysis.ratings.tidy import cells, conditions
from analysis.report.results import Results
from analysis.report.screening_text import describe_screening, rules_applied
from analysis.report.standards import describe_standard

# By surname and year, as the paragraph cites them.
REFERENCES_OF = {
    "camp": "J. Camp, T. Kenter, L. Finkelstein, R. Clark. MOS vs. AB: Evaluating text-to-speech systems "
            "reliably using clustered standard errors. Interspeech 2023.",
    "clark": "H. H. Clark. The language-as-fixed-effect fallacy: A critique of language statistics in "
             "psychological research. Journal of Verbal Learning and Verbal Behavior 12(4):335–359, 1973.",
    "efron": "B. Efron. Better bootstrap confidence intervals. Journal of the American Statistical "
             "Association 82:171–185, 1987.",
    "henderson": "C. R. Henderson. Estimation of variance and covariance components. Biometrics "
                 "9(2):226–252, 1953.",
    "hochberg": "Y. Hochberg. A sharper Bonferroni procedure for multiple tests of significance. "
                "Biometrika 75(4):800–802, 1988.",
    "holm": "S. Holm. A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
            "Statistics 6:65–70, 1979.",
    "varadhan": "P. S. Varadhan et al. Rethinking MUSHRA: addressing modern challenges in text-to-speech "
                "evaluation. arXiv:2411.12719, 2024.",
    "bs1534": "ITU-R. Recommendation BS.1534-3: Method for the subjective assessment of intermediate "
              "quality level of audio systems. 2015.",
    "mendonca": "C. Mendonça, S. Delikaris-Manias. Statistical tests with MUSHRA data. AES 144th "
                "Convention, 2018.",
    "owen": "A. B. Owen. The pigeonhole bootstrap. Annals of Applied Statistics 1(2):386–411, 2007.",
    "p800": "ITU-T. Recommendation P.800: Methods for subjective determination of transmission quality. "
            "1996.",
    "p808": "ITU-T. Recommendation P.808: Subjective evaluation of speech quality with a crowdsourcing "
            "approach. 2021.",
    "p835": "ITU-T. Recommendation P.835: Subjective test methodology for evaluating speech communication "
            "systems that include noise suppression algorithm. 2003.",
    "pratt": "J. W. Pratt. Remarks on zeros and ties in the Wilcoxon signed rank procedures. Journal of "
             "the American Statistical Association 54:655–667, 1959.",
    "ribeiro": "F. Ribeiro, D. Florêncio, C. Zhang, M. Seltzer. CrowdMOS: An approach for crowdsourcing "
               "mean opinion score studies. ICASSP 2011, 2416–2419.",
    "smyth": "G. K. Smyth. Linear models and empirical Bayes methods for assessing differential expression "
             "in microarray experiments. Statistical Applications in Genetics and Molecular Biology 3(1), "
             "article 3, 2004.",
    "tsui": "K.-W. Tsui, S. Weerahandi. Generalized p-values in significance testing of hypotheses in the "
            "presence of nuisance parameters. Journal of the American Statistical Association 84:602–607, "
            "1989.",
    "weerahandi": "S. Weerahandi. Generalized confidence intervals. Journal of the American Statistical "
                  "Association 88:899–905, 1993.",
}  # fmt: skip

_MODEL = (
    "listeners and items as random (generalised inference on the variance components: Tsui and Weerahandi, "
    "1989; Weerahandi, 1993; sums of squares by Henderson's method 3, 1953)"
)
_INTERVALS = {
    "two-way": f"treat {_MODEL}, since ratings by one listener and of one item depend on each other "
               "(Mendonça and Delikaris-Manias, 2018; Camp et al., 2023), and speak about new listeners and "
               "new items",
    "listener": "are t intervals over listeners, the items taken as fixed",
    "item": "are t intervals over items, the listeners taken as fixed",
    "crowdmos": "follow Ribeiro et al. (2011): two-way random effects, min(listeners, items) − 1 degrees of "
                "freedom",
    "naive-t": "are t intervals over single ratings as if they were independent, which ratings by one "
               "listener and of one item are not (Camp et al., 2023), so that these intervals are too narrow",
    "logit": f"treat {_MODEL}, are computed on the logit scale of the mean, and speak about new listeners "
             "and new items",
    "bootstrap": "are BCa bootstrap intervals (Efron, 1987) over listeners and items resampled together "
                 "(Owen, 2007)",
}  # fmt: skip

_TESTS = {
    "wilcoxon": "the Wilcoxon signed-rank test over the listeners' mean differences (zeros by Pratt, 1959)",
    "permutation": "a sign-flip permutation test over the listeners' summed differences",
    "medians": "the permutation test of medians of ITU-R BS.1534-3, attachment 3, which ignores the pairing",
}
_NESTED = (
    "Welch's t test with a variance of listeners and one of the items of each condition (after Clark, 1973)"
)
_INTERVAL_OF_TEST = {
    "two-way": "",
    "wilcoxon": "(t, over listeners) ",
    "permutation": "(t, over listeners) ",
    "medians": "(t, over single ratings) ",
}
_CORRECTIONS = {"holm": "Holm (1979)", "hochberg": "Hochberg (1988)"}
_CITED = {
    "camp": "Camp et al.", "clark": "Clark", "efron": "Efron", "henderson": "Henderson's",
    "hochberg": "Hochberg", "holm": "Holm", "bs1534": "BS.1534-3", "mendonca": "Mendonça", "owen": "Owen",
    "varadhan": "Varadhan et al.",
    "p800": "P.800", "p808": "P.808", "p835": "P.835", "pratt": "Pratt", "ribeiro": "Ribeiro",
    "smyth": "Smyth", "tsui": "Tsui", "weerahandi": "Weerahandi",
}  # fmt: skip


def software() -> str:
    """Return the name and version of this software."""
    try:
        return f"listenable {version('listenable')}"
    except PackageNotFoundError:
        return "listenable"


@reusable
def methods(results: Results) -> str:
    """Return the paragraph on methods, in words that can go into a paper."""
    left, options = results.screened, results.options
    trials = left[(left["kind"] == "trial") & left["score"].notna()]
    sentences = [
        "SIMULATED ratings: no person listened." if results.simulated else "",
        _design(results),
        describe_standard(results),
        describe_screening(results),
        f"{_means(trials)}; their 95 % intervals {_INTERVALS[options.interval]}{_ends(results)}.",
        _comparisons(results),
        _ordinal(results),
        _groups(results),
        f"Analysed with {software()} (seed {options.seed}).",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def references(results: Results) -> list[str]:
    """Return the references that the methods paragraph cites, by surname."""
    said = methods(results)
    return [REFERENCES_OF[key] for key in REFERENCES_OF if _CITED[key] in said and _is_cited(key, results)]


def _is_cited(key: str, results: Results) -> bool:
    """The standard is not cited if nobody was screened by it."""
    by_medians = "comparisons" in results.tables and results.options.test == "medians"
    return key != "bs1534" or bool(rules_applied(results)) or by_medians


def _means(trials: pd.DataFrame) -> str:
    """What the means are means of: ratings, or cells of several ratings."""
    n = len(cells(trials))
    if n == len(trials):
        return f"Mean opinion scores are plain means of {n} ratings"
    return (
        f"Mean opinion scores are plain means of {n} cell means, one per listener, item and condition, of "
        f"{len(trials)} ratings"
    )


def _ends(results: Results) -> str:
    """Say that an interval was cut where the scale ends, if one was."""
    low, high = results.scale
    cut = (results.mos["ci_low"] == low) | (results.mos["ci_high"] == high)
    return "; they end where the scale does" if cut.any() and results.options.interval != "logit" else ""


def _design(results: Results) -> str:
    """Return who rated what: everybody who took part, and the part that each heard if nobody heard all."""
    rows = results.ratings
    trials = rows[(rows["kind"] == "trial") & rows["score"].notna()]
    low, high = results.scale
    n_items, each = trials["item"].nunique(), trials.groupby("listener")["item"].nunique()
    few, many = int(each.min()), int(each.max())
    part = "" if few == n_items else f", each listener {few}{f' to {many}' if many > few else ''} of them,"
    names = trials["condition"].nunique()
    crossed = len(trials.drop_duplicates(["item", "condition"])) == n_items * names
    return (
        f"{rows['listener'].nunique()} listeners rated {names} conditions of {n_items} items{part} on a "
        f"scale from {low:g} to {high:g}{'' if crossed else '; not every condition was rated on every item'}."
    )


def _comparisons(results: Results) -> str:
    if "comparisons" not in results.tables:
        return ""
    options, table = results.options, results.tables["comparisons"]
    together, about = int(table["together"].iloc[0]), str(table["about"].iloc[0])
    two_way = options.interval == "two-way"
    test = _TESTS.get(options.test) or f"a test that treats {'them in the same way' if two_way else _MODEL}"
    if options.test == "two-way" and len({*table["condition_a"], *table["condition_b"]}) > 2:
        test += ", with the variances of all compared pairs moderating one another (Smyth, 2004)"
    where = "on the differences within listener and item"
    if table["note"].str.startswith("means over different").any():
        where = "on the means over their different items or listeners"
        test = _NESTED
    if options.correction == "none":
        corrected = "p values and intervals are not corrected for the number of comparisons"
    else:
        over = f"{together} comparison{'' if together == 1 else 's'}"
        corrected = f"p values are corrected by {_CORRECTIONS[options.correction]} over {over}"
        if together > 1:
            corrected += f", and the 95 % intervals hold for all {together} at once (Bonferroni)"
            if options.test == "two-way":
                corrected += "; where the p value finds a difference that the interval does not, it ends at 0"
    kind = _INTERVAL_OF_TEST[options.test]
    return (
        f"{_describe_comparison(results)} {where} by {test}; {corrected}. Intervals {kind}and p values "
        f"speak about {about}."
    )


def _ordinal(results: Results) -> str:
    if "ordinal" not in results.tables:
        return ""
    return (
        "The order of the grades was also analysed by a cumulative-link mixed model (logit link; random "
        "effects of listener, item and their interactions with condition; Laplace's approximation)."
    )


def _groups(results: Results) -> str:
    if "groups" not in results.tables:
        return ""
    between = str(results.options.between).removeprefix("q_")
    return (
        f"Groups of listeners by {between} were compared by a split-plot analysis of variance of the "
        "listeners' mean scores (group against listeners within groups; condition and group x condition "
        "against listeners x conditions within groups, with Greenhouse and Geisser's correction)."
    )


def _describe_comparison(results: Results) -> str:
    table, against = results.tables["comparisons"], results.options.against
    listed = conditions(results.screened)
    if against:
        label = listed.set_index("condition")["label"][against]
        others = "The other condition was" if len(table) == 1 else "Each other condition was"
        return f"{others} compared with {label} (differences: condition minus {label})"
    names = {*table["condition_a"], *table["condition_b"]}
    roles = set(listed.loc[listed["condition"].isin(names), "role"])
    return f"The {len(names)} {'methods' if roles == {'method'} else 'conditions'} were compared in pairs"
