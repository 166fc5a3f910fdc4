"""What a report on choices says, before it is written as a page, tables and LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.axes import Axes

from analysis.report.html_tables import Column


@dataclass(frozen=True)
class Drawing:
    """A figure: its name as a file, how it is drawn, and what it shows in words."""

    name: str
    draw: Callable[[], Axes]
    caption: str
    alt: str


@dataclass(frozen=True)
class Listing:
    """A table: its name as a file, the frame, and the columns that the page shows."""

    name: str
    frame: pd.DataFrame
    columns: list[Column]
    caption: str
    note: str = ""
    digits: int = 1


@dataclass(frozen=True)
class Section:
    """A heading with sentences, figures and tables."""

    title: str
    sentences: list[str] = field(default_factory=list)
    figures: list[Drawing] = field(default_factory=list)
    tables: list[Listing] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return self.title.lower().replace(" ", "-")


@dataclass(frozen=True)
class Latex:
    """A table for a paper: caption, columns as LaTeX names them, head, cells."""

    caption: str
    columns: str
    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Findings:
    """A whole report.

    Attributes:
        test: What was asked, in a few words.
        headline: The result in sentences.
        counts: The study in numbers.
        sections: Figures and tables.
        methods: The paragraph for a paper, without the software.
        latex: The main table's columns and rows.
        listeners: How many listeners chose.
    """

    test: str
    headline: list[str]
    counts: list[tuple[str, str]]
    sections: list[Section]
    methods: str
    latex: Latex
    listeners: int

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by its name."""
        return {listing.name: listing.frame for section in self.sections for listing in section.tables}
