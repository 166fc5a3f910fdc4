"""The report's sentences on who was screened, by what, and who was not."""

from __future__ import annotations

import numpy as np

from analysis.models.screening import RULES, STANDARD_SCALE, limit_of, violates_rule
from analysis.report.results import Results
from analysis.report.standards import is_nameless
from stimuli.vocabulary import REFERENCE_ROLES

_NAMED = 5


def rules_applied(results: Results) -> list[str]:
    """Return the rules of BS.1534-3 that were asked for and had something to judge."""
    return [rule for rule in _rules_that_judge(results) if rule in _find_excluding(results)]


def _find_excluding(results: Results) -> tuple[str, ...]:
    """Return the rules and flags that excluded; `analyse` has put names in place of the default."""
    assert results.options.exclude is not None
    return results.options.exclude


def describe_panel(results: Results) -> str:
    """Return, for a caption, whose scores the report shows."""
    further = set(_find_excluding(results)) - set(RULES)
    return "after screening" if rules_applied(results) or further else "of all listeners, none screened"


def describe_screening(results: Results) -> str:
    """Return the methods paragraph's sentences on screening."""
    rules = rules_applied(results)
    further = [name for name in _find_excluding(results) if name not in RULES]
    reasons = [set(text.split("; ")) for text in results.screening["rules"]]
    by_rules = [not hit.isdisjoint(rules) for hit in reasons]
    sentences = []
    if rules:
        which = "post-screening rules" if len(rules) == 2 else f"{rules[0]} rule"
        limit = f"{limit_of(results.scale):g}"
        bad = {"hidden-reference": f"the hidden reference below {limit}",
               "mid-anchor": f"the mid anchor above {limit}"}  # fmt: skip
        sentences.append(
            f"{_count_excluded(by_rules)} by the {which} of ITU-R BS.1534-3{_describe_stretch(results)} "
            f"({' or '.join(bad[rule] for rule in rules)} in more than 15 % of the listener's own trials)."
        )
    elif set(RULES) & set(_find_excluding(results)):
        sentences.append(
            "There was no hidden reference and no mid anchor, so nobody was screened by BS.1534-3."
        )
    elif is_nameless(results) and not further:
        sentences.append("No listener was excluded.")
    elif results.scale == STANDARD_SCALE:
        sentences.append("Listeners were not screened by BS.1534-3.")
    elif not further:
        sentences.append("No listener was excluded.")
    if further:
        others = [not hit.isdisjoint(further) for hit in reasons]
        alone = [other and not rule for other, rule in zip(others, by_rules, strict=True)]
        sentences.append(f"{_count_excluded(alone)} by further criteria ({', '.join(further)}).")
    return " ".join(sentences)


def warn_of_no_screening(results: Results) -> list[str]:
    """Return a warning if a rule of BS.1534-3 was switched off, or none had anything to judge."""
    if is_nameless(results):
        return []  # nobody can be asked to recognise a reference that is not named
    judging = _rules_that_judge(results)
    off = [rule for rule in RULES if rule not in _find_excluding(results)]
    if off and results.scale != STANDARD_SCALE:
        return []  # the standard has no rules for other scales
    if not off:
        return [] if judging else ["Nobody was screened: there is no hidden reference and no mid anchor."]
    if not _find_excluding(results):
        what = "Screening was switched off (--exclude none)"
    elif len(off) == len(RULES):
        what = "The rules of BS.1534-3 were switched off (--exclude)"
    else:
        what = f"The {off[0]} rule of BS.1534-3 was switched off (--exclude)"
    table = results.screening[results.screening["kept"]]
    hit = [violates_rule(table, rule) for rule in off if rule in judging]
    if not hit:
        return [f"{what}, and there was nothing to screen listeners by."]
    who = list(table.loc[np.any(hit, axis=0), "listener"])
    if not who:
        return [f"{what}; it would have excluded nobody."]
    named = ", ".join(who[:_NAMED]) + (f" and {len(who) - _NAMED} more" if len(who) > _NAMED else "")
    return [
        f"{what}: the means include the scores of {len(who)} of {len(table)} listeners whom it would exclude "
        f"({named})."
    ]


def _describe_stretch(results: Results) -> str:
    low, high = results.scale
    ends = f", at the same share of the scale from {low:g} to {high:g},"
    return "" if results.scale == STANDARD_SCALE else ends


def _rules_that_judge(results: Results) -> list[str]:
    roles = set(results.ratings["role"])
    judged = {"hidden-reference": not roles.isdisjoint(REFERENCE_ROLES), "mid-anchor": "mid_anchor" in roles}
    return [rule for rule in RULES if judged[rule]]


def _count_excluded(who: list[bool]) -> str:
    n, total = sum(who), len(who)
    if n == 0:
        return "No listener was excluded"
    return f"{n} of {total} listeners {'was' if n == 1 else 'were'} excluded"
