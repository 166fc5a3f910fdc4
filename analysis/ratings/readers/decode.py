"""The text of a CSV file, whatever a spreadsheet wrote it as, and the delimiter of its cells."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from analysis.errors import RatingsError

LINE_END = re.compile(r"\r\n|\n|\r")  # str.splitlines also parts lines at form feeds and U+2028
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Excel's own first line, which says how the cells are parted and is no part of the table.
_SEP = re.compile(r'\s*"?sep=([,;\t])"?[,;\t]*(?=[\r\n])', re.IGNORECASE)
_LONE_RETURN = re.compile(r"(?<!\r)\r(?![\r\n])")
KEPT_RETURN = "\ue00d"  # of a private range, in place of a return that ends no line


def read_text(path: Path) -> tuple[str, str]:
    """Return a file's text and its delimiter: comma, semicolon or tab.

    A carriage return alone in a file whose lines end otherwise is a part of a comment; until the cells are
    parted it is held by a private letter (`restored` brings it back). The lines keep their numbers.

    Raises:
        RatingsError: Neither UTF-8 nor UTF-16 with a byte-order mark.
    """
    content = path.read_bytes()
    wide = content.startswith(_UTF_16)
    if not wide and b"\0" in content.partition(b"\n")[0]:
        raise RatingsError(
            f"{path.name} has zero bytes in its first line, as UTF-16 without a byte-order mark; save it "
            "as UTF-8 CSV."
        )
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        what = "UTF-16 text, as its first bytes say" if wide else f"UTF-8 text (byte {error.start})"
        raise RatingsError(f"{path.name} is not {what}; save it as UTF-8 CSV.") from None
    first = LINE_END.search(text)
    if first and first[0] != "\r":
        text = _LONE_RETURN.sub(KEPT_RETURN, text)
    said = _SEP.match(text)
    return (text[said.end() :], said[1]) if said else (text, _delimiter(text))


def restored(cell: str) -> str:
    """Give a cell the carriage returns back that `read_text` held."""
    return cell.replace(KEPT_RETURN, "\r")


def _delimiter(text: str) -> str:
    """The most frequent of comma, semicolon and tab in the first line that is not blank."""
    first = next((line for line in LINE_END.split(text) if line.strip()), "")
    return max(",;\t", key=first.count)
