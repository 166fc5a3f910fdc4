"""Names: as files and folders have them, the ids that a study makes of them, and what people type."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count

from study_builder.errors import BuildError, LayoutError, StudyError

LONGEST_ID = 120
LISTED = 12
_WRITTEN_OUT = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
     "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i"}
)  # fmt: skip


def to_nfc(name: str) -> str:
    """Return a name in one spelling: macOS writes an accent as a separate letter, others as one letter.

    Raises:
        LayoutError: the name is not a text.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        raise LayoutError(f"the file name {name!r} is not UTF-8; expected one that is") from None
    return unicodedata.normalize("NFC", name)


def safe_id(name: str) -> str:
    """Return what a name becomes in paths and ids: accents are dropped, and words joined by hyphens.

    Letters of other scripts have no place in an id; a name of only such letters becomes `sound`.

    Raises:
        LayoutError: the id would be longer than 120 characters.
    """
    plain = _decompose(name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9._+-]+", " ", plain).strip()
    found = words.replace(" ", "-").lstrip("._+-") or "sound"
    if len(found) > LONGEST_ID:
        raise LayoutError(f"{name!r} is {len(found)} characters long; expected {LONGEST_ID} at most")
    return found


def safe_ids(names: Iterable[str]) -> dict[str, str]:
    """Return the id of each name; ids that met because they lost letters of another script get a number.

    Raises:
        LayoutError: two names become the same id, or ids that some file systems treat as the same.
    """
    names = list(dict.fromkeys(names))
    ids: dict[str, str] = {}
    owners: dict[str, str] = {}
    numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(2))
    for name in sorted(names, key=_loses_letters):
        ids[name] = safe_id(name)
        if _loses_letters(name):
            ids[name] = _make_unlike(ids[name], owners, numbers[ids[name].lower()])
        twin = owners.setdefault(ids[name].lower(), name)
        if twin == name:
            continue
        if ids[twin] == ids[name]:
            raise LayoutError(f"{name!r} and {twin!r} both become {ids[name]!r} in a study; rename one")
        raise LayoutError(
            f"{name!r} and {twin!r} become {ids[name]!r} and {ids[twin]!r} in a study, which differ only in "
            "capitals, and some file systems treat them as the same; rename one"
        )
    return {name: ids[name] for name in names}


def _decompose(name: str) -> str:
    """Part letters from their accents, and write those that have no parts as they are usually written."""
    return unicodedata.normalize("NFKD", name).translate(_WRITTEN_OUT)


def _loses_letters(name: str) -> bool:
    return any(letter.isalnum() and not letter.isascii() for letter in _decompose(name))


def _make_unlike(found: str, taken: Container[str], numbers: Iterator[int]) -> str:
    numbered = (f"{found}-{number}" for number in numbers)
    return next(one for one in chain([found], numbered) if one.lower() not in taken)


def resolve_ids(
    wanted: Sequence[str],
    labels: Mapping[str, str | None],
    what: str,
    error: type[StudyError] = BuildError,
    known: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the ids of things that were named by their id, or by their label.

    Args:
        wanted: names, as they were given.
        labels: the label of each id that there is; a label that several have names none of them.
        what: the option or key that gave the names, for messages.
        error: what to raise.
        known: what `ids_by_name` returns of the labels, for who asks thousands of times.

    Raises:
        StudyError: a name is of nothing that there is, or two names are of one thing.
    """
    known = ids_by_name(labels) if known is None else known
    found: dict[str, str] = {}
    for name in map(to_nfc, wanted):
        if name not in known:
            shown = [one if label in (None, one) else f"{one} ('{label}')" for one, label in labels.items()]
            raise error(f"{what} names {name!r}; {describe_expected(name, shown, known)}")
        twin = found.setdefault(known[name], name)
        if twin != name:
            raise error(
                f"{what} names {known[name]!r} twice, as {twin!r} and as {name!r}; expected different names"
            )
    return list(found)


def ids_by_name(labels: Mapping[str, str | None]) -> dict[str, str]:
    """Return the id of everything that names one thing: an id, or a label that nothing else has."""
    counts = Counter(labels.values())
    by_label = {label: name for name, label in labels.items() if label is not None and counts[label] == 1}
    return {**by_label, **{name: name for name in labels}}


def describe_expected(name: str, names: Sequence[str], known: Iterable[str] = ()) -> str:
    """Return which names were expected, and which is nearest to the one that was found.

    Args:
        name: what was found.
        names: what to list, cut if it is long.
        known: the names to look for the nearest among; those listed if none are given.
    """
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    near = nearest(name, list(known) or names)
    hint = f" (did you mean '{near}'?)" if near is not None else ""
    return f"expected one of {', '.join(names[:LISTED])}{more}{hint}"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return which of `names` is most similar to `name`, or None if none is similar."""
    folded = {one.casefold(): one for one in names}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[near[0]] if near else None
