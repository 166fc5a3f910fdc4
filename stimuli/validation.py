"""What a typed record found wrong with a value, in this project's words: what it is, what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_EXPECTED = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_parsing": "an integer",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "string_pattern_mismatch": "text of the form {pattern}",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} entries or fewer",
}
_LONGEST = 60


def describe_finding(key: str, problem: Mapping[str, Any]) -> str:
    """Return what one of Pydantic's errors found and what was expected.

    Args:
        key: where, as the reader knows it; empty for the record as a whole.
        problem: an entry of `ValidationError.errors()`.

    Returns:
        For example `'volume' is 3; expected 1 or less`. Sentences of our own validators are kept.
    """
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "missing":
        return f"'{key}' is missing"
    if kind == "extra_forbidden":
        return f"the key '{key}' is unknown"
    if kind == "value_error":
        sentence = str(context["error"])
        if not key:
            return sentence
        return f"'{key}' {sentence}" if sentence.startswith("is ") else f"'{key}': {sentence}"
    if kind == "json_invalid":
        return f"not valid JSON ({context['error']})"
    found = repr(problem["input"])
    found = found if len(found) <= _LONGEST else f"a {type(problem['input']).__name__}"
    if kind in ("too_short", "too_long"):
        found = f"a list of {context['actual_length']}"
    pattern = _EXPECTED.get(kind)
    if pattern is None:
        message = str(problem["msg"])
        return f"'{key}' is {found}; {message[:1].lower()}{message[1:]}"
    limits = {name: f"{limit:g}" if isinstance(limit, float) else limit for name, limit in context.items()}
    return f"'{key}' is {found}; expected {pattern.format_map(limits)}"
