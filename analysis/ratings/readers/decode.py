"""The text of a CSV file, whatever a spreadsheet wrote it as, and the delimiter of its cells."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from analysis.errors import RatingsError

LINE_END = re.compile(r"\r\n|\n|\r")  # str.splitlines also parts lines at form feeds and U+2028
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Excel's own first line, which says how the cells are separated and is not part of the table.
_SEP = re.compile(r'\s*"?sep=([,;\t])"?[,;\t]*(?=[\r\n])', re.IGNORECASE)
_LONE_RETURN = re.compile(r"(?<!\r)\r(?![\r\n])")
KEPT_RETURN = "\ue00d"  # of a private range, in place of a return that ends no line


_OTHERS = (  # how files begin that are no text, and how to make a table of them
    (b"MATLAB", "a MATLAB file; save a table with writetable(..., 'ratings.csv')"),
    (b"\x89HDF", "an HDF5 or MATLAB 7.3 file; save a table with writetable(..., 'ratings.csv')"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save it as .xlsx or CSV UTF-8"),
    (b"PK\x03\x04", "a zip archive or an OpenDocument sheet; save the sheet as .xlsx or CSV UTF-8"),
    (b"$FL2", "an SPSS file; save it as CSV"),
    (b"%PDF", "a PDF; save the ratings as CSV UTF-8"),
    (b"\x1f\x8b", "a compressed file (gzip, or R's .rds); unpack it or write.csv() it"),
)


def read_text(path: Path, encoding: str | None = None) -> tuple[str, str, list[str]]:
    """Return a file's text, its delimiter (comma, semicolon or tab) and notes on how it was read.

    Excel on Windows saves "CSV" in cp1252: a file that is not UTF-8 is read so if all its bytes have a
    meaning there, with a note. `encoding` says it otherwise.

    A lone carriage return in a file whose lines end otherwise is part of a comment; until the cells are
    parted it is held by a private letter (`restore_returns` brings it back). The lines keep their numbers.

    Raises:
        RatingsError: None of these, an unknown encoding, or a file that is no text.
    """
    content = path.read_bytes()
    for start, what in _OTHERS:
        if content.startswith(start):
            raise RatingsError(f"{path.name} is {what}")
    wide = content.startswith(_UTF_16)
    if encoding is None and not wide and b"\0" in content.partition(b"\n")[0]:
        raise RatingsError(
            f"{path.name} has zero bytes in its first line, as UTF-16 without a byte-order mark; save it "
            "as UTF-8 CSV, or name its encoding with --encoding"
        )
    text, notes = _decode(path.name, content, encoding or ("utf-16" if wide else None))
    first = LINE_END.search(text)
    if first and first[0] != "\r":
        text = _LONE_RETURN.sub(KEPT_RETURN, text)
    said = _SEP.match(text)
    return (text[said.end() :], said[1], notes) if said else (text, _delimiter(text), notes)


def _decode(name: str, content: bytes, encoding: str | None) -> tuple[str, list[str]]:
    """Decode a file by the encoding named, or as UTF-8, or as cp1252 with a note."""
    try:
        return content.decode(encoding or "utf-8-sig").removeprefix("\ufeff"), []
    except LookupError:
        raise RatingsError(
            f"--encoding {encoding!r} is unknown; expected for example utf-8, cp1252 or utf-16"
        ) from None
    except UnicodeDecodeError as error:
        place = error.start
    if encoding is None:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            text = "\x01"
        if not any(letter < " " and letter not in "\t\r\n\f\v" for letter in text):
            return text, [f"{name} is not UTF-8 and was read as cp1252; --encoding reads it otherwise."]
    what = f"{encoding} text" if encoding else f"UTF-8 text (byte {place})"
    raise RatingsError(f"{name} is not {what}; save it as UTF-8 CSV, or name its encoding with --encoding")


def restore_returns(cell: str) -> str:
    """Give a cell the carriage returns back that `read_text` held."""
    return cell.replace(KEPT_RETURN, "\r")


def _delimiter(text: str) -> str:
    """The most frequent of comma, semicolon and tab in the first line that is not blank."""
    first = next((line for line in LINE_END.split(text) if line.strip()), "")
    return max(",;\t", key=first.count)
