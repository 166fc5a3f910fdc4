"""What a test asks of the sounds, if nothing was chosen: a reference that has to be there, anchors."""

from __future__ import annotations

from typing import Any

from study_builder.building.choices import Choices
from study_builder.config.listening_tests import TESTS
from study_builder.errors import BuildError


def fit_to_tests(choices: Choices, *, has_reference: bool) -> Choices:
    """Return the choices with the defaults of their tests; those of a MUSHRA test as they are.

    Only BS.1534 has anchors. A test that names no reference can do without one; if the set has a reference,
    it is one of the sounds that are rated.

    Args:
        choices: of the study.
        has_reference: whether the set has a reference.

    Raises:
        BuildError: a test needs a reference, and the study is to have none.
    """
    if choices.is_plain_mushra:
        return choices
    tests = [TESTS[name] for name in choices.chosen_tests]
    given = choices.model_fields_set
    named = [test.name for test in tests if test.open_reference]
    missing = choices.reference == "none" or not has_reference
    needing = [name for name in named if name != "mushra" or "reference" not in given]
    if needing and missing:
        raise BuildError(
            f"the test {needing[0]} plays a reference, and the study has none; expected a condition named "
            "'reference' (--reference-name names another), or --test acr, ab or another test without one"
        )
    if "mushra-nmr" in choices.chosen_tests and (missing or choices.reference == "open"):
        raise BuildError(
            "the test mushra-nmr rates the reference as one of the sounds, and the study has none to rate; "
            "expected a condition named 'reference' (--reference-name names another)"
        )
    update: dict[str, Any] = {}
    if "reference" not in given and not has_reference:
        update["reference"] = "none"
    if "anchors" not in given and not any(test.anchors for test in tests):
        update["anchors"] = ()
    return choices.model_copy(update=update)
