"""What the methods paragraphs on choices cite."""

from __future__ import annotations

from analysis.report.methods_text import REFERENCES_OF

REFERENCES = {
    "bradley": "R. A. Bradley, M. E. Terry. Rank analysis of incomplete block designs: I. The method of "
               "paired comparisons. Biometrika 39:324–345, 1952.",
    "bs1116": "ITU-R. Recommendation BS.1116-3: Methods for the subjective assessment of small impairments "
              "in audio systems. 2015.",
    "clark": "D. Clark. High-resolution subjective testing using a double-blind comparator. Journal of the "
             "Audio Engineering Society 30(5):330–338, 1982.",
    "davidson": "R. R. Davidson. On extending the Bradley-Terry model to accommodate ties in paired "
                "comparison experiments. Journal of the American Statistical Association 65:317–328, 1970.",
    "hochberg": REFERENCES_OF["hochberg"],
    "holm": REFERENCES_OF["holm"],
    "kendall": "M. G. Kendall, B. Babington Smith. On the method of paired comparisons. Biometrika "
               "31:324–345, 1940.",
    "kaernbach": "C. Kaernbach. Simple adaptive testing with the weighted up-down method. Perception & "
                 "Psychophysics 49:227–229, 1991.",
    "korn": "E. L. Korn, B. I. Graubard. Confidence intervals for proportions with small expected number of "
            "positive counts estimated from survey data. Survey Methodology 24:193–201, 1998.",
    "levitt": "H. Levitt. Transformed up-down methods in psychoacoustics. Journal of the Acoustical Society "
              "of America 49:467–477, 1971.",
    "mackinnon": "J. G. MacKinnon, M. Ø. Nielsen, M. D. Webb. Fast and reliable jackknife and bootstrap "
                 "methods for cluster-robust inference. Journal of Applied Econometrics 38(5):671–694, 2023.",
    "macmillan": "N. A. Macmillan, C. D. Creelman. Detection Theory: A User's Guide. 2nd edition, Lawrence "
                 "Erlbaum, 2005.",
    "marley": "A. A. J. Marley, J. J. Louviere. Some probabilistic models of best, worst, and best-worst "
              "choices. Journal of Mathematical Psychology 49:464–480, 2005.",
    "p800": REFERENCES_OF["p800"],
    "rao": "J. N. K. Rao, A. J. Scott. On chi-squared tests for multiway contingency tables with cell "
           "proportions estimated from survey data. Annals of Statistics 12:46–60, 1984.",
    "smyth": REFERENCES_OF["smyth"],
    "tsui": REFERENCES_OF["tsui"],
    "wilson": "E. B. Wilson. Probable inference, the law of succession, and statistical inference. Journal "
              "of the American Statistical Association 22:209–212, 1927.",
}  # fmt: skip
_CITED = {
    "bradley": "Bradley and Terry", "bs1116": "BS.1116-3", "clark": "Clark, 1982", "davidson": "Davidson",
    "hochberg": "Hochberg (", "holm": "Holm (", "kaernbach": "Kaernbach",
    "kendall": "Kendall", "levitt": "Levitt",
    "korn": "Korn and Graubard", "mackinnon": "MacKinnon", "macmillan": "Macmillan", "marley": "Marley",
    "p800": "P.800", "rao": "Rao and Scott", "smyth": "Smyth", "tsui": "Tsui", "wilson": "Wilson",
}  # fmt: skip


def references_in(methods: str) -> list[str]:
    """Return the references that a paragraph cites, by surname."""
    return [text for key, text in REFERENCES.items() if _CITED[key] in methods]
