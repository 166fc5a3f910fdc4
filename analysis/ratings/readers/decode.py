"""The text of a CSV file, whatever a spreadsheet wrote it as, and the delimiter of its cells."""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from analysis.errors import RatingsError
from analysis.ratings.readers.ours import is_ours

LINE_END = re.compile(r"\r\n|\n|\r")  # str.splitlines also parts lines at form feeds and U+2028
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Excel's own first line, which says how the cells are separated and is not part of the table.
_SEP = re.compile(r'\s*"?sep=([,;|\t])"?[,;|\t]*(?=[\r\n])', re.IGNORECASE)
_LONE_RETURN = re.compile(r"(?<!\r)\r(?![\r\n])")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_COMMENT = re.compile(r"\s*#[^,;|\t\r\n]*(?:\r\n|\n|\r)")  # with a delimiter it may be a header
_DELIMITERS = ",;\t|"
_WEBMUSHRA = {"session_test_id", "trial_id"}
_FEWEST_BLANKS = 2  # between the names of a header, of listener, item and score at least
_FIRST_LINES = 5  # a title may come before the header
KEPT_RETURN = "\ue00d"  # of a private range, in place of a return that ends no line

_OTHERS = (  # how files begin that are not text, and how to make a table of them
    (b"MATLAB", "a MATLAB file; save a table with writetable(..., 'ratings.csv')"),
    (b"\x89HDF", "an HDF5 or MATLAB 7.3 file; save a table with writetable(..., 'ratings.csv')"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save it as .xlsx or CSV UTF-8"),
    (b"PK\x03\x04", "a zip archive or an OpenDocument sheet; save the sheet as .xlsx or CSV UTF-8"),
    (b"PAR1", "a Parquet file; read it with pandas and save it as CSV, or give load_ratings the data frame"),
    (
        b"ARROW1",
        "a Feather file; read it with pandas and save it as CSV, or give load_ratings the data frame",
    ),
    (b"\x80\x04\x95", "a Python pickle; give load_ratings the data frame, or save it as CSV"),
    (b"SQLite format 3", "an SQLite file; name it .sqlite3, if the server wrote it"),
    (b"<?xml", "XML; expected WAET's results with the ending .xml, or a table saved as CSV UTF-8"),
    (
        b"<!DOCTYPE",
        "a web page, as some sites export for Excel; open it there and save it as .xlsx or CSV UTF-8",
    ),
    (b"<html", "a web page, as some sites export for Excel; open it there and save it as .xlsx or CSV UTF-8"),
    (
        b"<table",
        "a web page, as some sites export for Excel; open it there and save it as .xlsx or CSV UTF-8",
    ),
    (b"$FL2", "an SPSS file; save it as CSV"),
    (b"%PDF", "a PDF; save the ratings as CSV UTF-8"),
    (b"\x1f\x8b", "a compressed file (gzip, or R's .rds); unpack it or write.csv() it"),
)


def read_text(path: Path, encoding: str | None = None) -> tuple[str, str, list[str]]:
    """Return a file's text, its delimiter (comma, semicolon, tab, bar or blank) and notes on how it was read.

    Excel on Windows saves "CSV" in cp1252: a file that is not UTF-8 is read so if all its bytes have a
    meaning there, with a note. `encoding` says it otherwise.

    A lone carriage return in a file whose lines end otherwise is part of a comment; until the cells are
    parted a private letter stands for it (`restore_returns` brings it back). The lines keep their numbers.

    Raises:
        RatingsError: None of these, an unknown encoding, or a file that is not text.
    """
    content = path.read_bytes()
    begin = content[:64].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for start, what in _OTHERS:
        if begin.startswith(start.lower()):
            raise RatingsError(f"{path.name} is {what}")
    wide = content.startswith(_UTF_16)
    if encoding is None and not wide and b"\0" in content.partition(b"\n")[0]:
        raise RatingsError(
            f"{path.name} has zero bytes in its first line, as UTF-16 without a byte-order mark; save it "
            "as UTF-8 CSV, or name its encoding with --encoding"
        )
    text, notes = decode(path.name, content, encoding)
    first = LINE_END.search(text)
    if first and first[0] != "\r" and "\r" in text:
        text = _LONE_RETURN.sub(KEPT_RETURN, text)
    text, blanked = _blank_comments(text)
    if blanked:
        notes = [*notes, f"{path.name} begins with {blanked} not read."]
    said = _SEP.match(text)
    return (text[said.end() :], said[1], notes) if said else (text, _delimiter(text), notes)


def split_lines(text: str) -> list[str]:
    """Return the lines of a text; with line feeds alone that is quick."""
    return LINE_END.split(text) if "\r" in text else text.split("\n")


def _iter_lines(text: str) -> Iterator[str]:
    start = 0
    for end in LINE_END.finditer(text):
        yield text[start : end.start()]
        start = end.end()
    yield text[start:]


def decode(name: str, content: bytes, encoding: str | None) -> tuple[str, list[str]]:
    """Return the text of a file and notes: by the encoding named, UTF-16 with a mark, UTF-8, or cp1252.

    Raises:
        RatingsError: It is not text in that encoding, or in any of these.
    """
    if encoding is None and content.startswith(_UTF_16):
        encoding = "utf-32" if content.startswith(codecs.BOM_UTF32_LE) else "utf-16"
    try:
        return content.decode(encoding or "utf-8-sig").removeprefix("\ufeff"), []
    except LookupError:
        raise RatingsError(
            f"--encoding {encoding!r} is unknown; expected for example utf-8, cp1252 or utf-16"
        ) from None
    except UnicodeError as error:  # some encodings name no place
        place = getattr(error, "start", 0)
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


def _blank_comments(text: str) -> tuple[str, str]:
    """Empty the lines before the header that begin with #; the others keep their numbers."""
    place, comments, ends = 0, 0, ""
    while found := _COMMENT.match(text, place):
        place, comments = found.end(), comments + 1
        ends += "".join(LINE_END.findall(found[0]))
    said = "a line of comment, which is" if comments == 1 else f"{comments} lines of comments, which are"
    return ends + text[place:], said if comments else ""


def _delimiter(text: str) -> str:
    """Return the most frequent of comma, semicolon, tab and bar outside of quotes in the first line with one.

    The headers of our own tables and webMUSHRA's say it by their names: questions may be called as they like.
    Without any of these in the first lines, a blank parts the cells if the first has several, as R's
    write.table does.
    """
    first = list(itertools.islice((line for line in _iter_lines(text) if line.strip()), _FIRST_LINES))
    bare = [_QUOTED.sub("cell", line) for line in first]
    for line in bare:
        found = max(_DELIMITERS, key=line.count)
        if found in line:
            return next((own for own in _DELIMITERS if _is_known(line.split(own))), found)
    return " " if bare and bare[0].strip().count(" ") >= _FEWEST_BLANKS else ","


def _is_known(header: list[str]) -> bool:
    return is_ours(header) or set(header) >= _WEBMUSHRA
