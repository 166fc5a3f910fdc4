"""Which recommendation describes the test that scores come from, for the methods paragraph."""

from __future__ import annotations

from analysis.report.results import NAMELESS, Results

_P835 = {"sig": "speech signal", "bak": "background noise", "ovrl": "overall quality"}
_FIVE_POINTS = (1.0, 5.0)


def is_nameless(results: Results) -> bool:
    """Return whether the ratings are of a MUSHRA test that names no reference."""
    return NAMELESS in results.ratings.attrs.get("tests", ())


def describe_standard(results: Results) -> str:
    """Return a sentence on the recommendation that the pages follow, or nothing if they show none.

    Pages of MUSHRA are described by their screening. `frame.attrs["page_types"]` has the type of the pages of
    each attribute.
    """
    if is_nameless(results):
        return (
            "No sound was named the reference; the hidden reference is one of the rated sounds (MUSHRA "
            "without a named reference: Varadhan et al., 2024)."
        )
    page_type = results.ratings.attrs.get("page_types", {}).get(results.attribute)
    if page_type == "dcr":
        return (
            "The test is degradation category rating (DCR) of ITU-T P.800, annex D: each sound is heard "
            "after the reference."
        )
    if page_type != "likert_single_stimulus" or results.scale != _FIVE_POINTS:
        return ""
    part = _P835.get(results.attribute)
    if part:
        return f"The test is that of ITU-T P.835, in which {part} is one of three scales of each sound."
    return (
        "Sounds were rated one at a time on a five-point category scale, as in absolute category rating "
        "(ACR; ITU-T P.800, annex B; in crowdsourcing ITU-T P.808)."
    )
