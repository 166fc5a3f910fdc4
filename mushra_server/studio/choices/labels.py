"""The form's labels in the messages of the command line, which name options and keys."""

from __future__ import annotations

import re

from mushra_server.studio.choices.fields import GROUPS

__all__ = ["LABELS", "say_labels"]

LABELS = {field.name: field.label for group in GROUPS.values() for field in group}
LABELS |= {"questionnaire": "Questionnaire", "scales": "Scales"}

_KEYS = sorted(LABELS, key=len, reverse=True)
# An option; or a key that cannot be meant as a word, as it is in quotes or has an underscore.
_NAMED = re.compile(
    rf"--({'|'.join(re.escape(key.replace('_', '-')) for key in _KEYS)})\b(?!-)"
    rf"|'({'|'.join(map(re.escape, _KEYS))})'(?= (?:is|has)\b)"
    rf"|\b({'|'.join(re.escape(key) for key in _KEYS if '_' in key)})\b"
)


def say_labels(sentence: str) -> str:
    """Return a sentence with the form's labels for the names of options and keys.

    The command line's `expected at most 2 with --items-per-session` becomes `... with “Items per listener”`.
    """
    return _NAMED.sub(lambda found: f"“{LABELS[''.join(found.groups('')).replace('-', '_')]}”", sentence)
