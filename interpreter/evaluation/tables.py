"""The faithfulness table as CSV, and as Markdown and LaTeX in the form of the paper's tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from interpreter.evaluation.published_results import AD_NOTE, HALVED_NOTE, PUBLISHED
from stimuli.files import write_text

_SIGNIFICANT = "%.6g"

_SPECIAL = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}
"""What LaTeX takes for a command, and how it prints it; a run folder's name may have any of them."""

METRICS_SHOWN: dict[str, tuple[str, int, bool]] = {
    "ai": ("AI", 1, True),
    "ad": ("AD", 1, False),
    "ad_published": ("AD (published)", 1, False),
    "ag": ("AG", 1, True),
    "ff": ("FF", 2, True),
    "fid_in": ("Fid-In", 2, True),
    "sps": ("SPS", 2, True),
    "comp": ("COMP", 2, False),
}
"""Metric to heading, decimals, and whether more is better."""

BESIDE: dict[str, tuple[str, int]] = {
    "n_silent": ("Silent", 0),
    "mask_mean": ("Mask mean", 2),
    "mask_sd": ("Mask SD", 2),
    "energy_ratio": ("Energy i/x", 2),
    "cos_ix": ("cos(i, x)", 2),
    "sum_error": ("Sum error", 2),
    "randomised": ("Randomised", 2),
    "fixed_gain": ("Fixed gain", 2),
    "swapped_sound": ("Other sound", 3),
    "swapped_representations": ("Other representations", 3),
    "si_sdr_improvement_db": ("SI-SDRi (dB)", 1),
    "energy_overlap": ("Overlap", 2),
    "agree_in": ("Agree in", 2),
    "agree_out": ("Agree out", 2),
}
"""What is shown next to the metrics, if it is known."""


def write_tables(table: pd.DataFrame, path: str | Path) -> list[Path]:
    """Write a faithfulness table as CSV, and as Markdown and LaTeX next to it; return the three paths.

    Args:
        table: from `evaluate`; rows of one or more settings.
        path: of the CSV. Its folder is made if it is missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = {
        path: table.to_csv(index=False, float_format=_SIGNIFICANT, lineterminator="\n"),
        path.with_suffix(".md"): markdown(table),
        path.with_suffix(".tex"): latex(table),
    }
    for file, text in texts.items():
        write_text(file, text)
    return list(texts)


def markdown(table: pd.DataFrame) -> str:
    """Return the tables of all settings in Markdown: metrics with 95 % intervals, published rows, masks."""
    parts = []
    for setting, rows in table.groupby("setting", sort=False):
        size = (
            f"{int(rows['n_items'].max())} items; the classifier gets {rows['accuracy'].iloc[0]:.1f} % right"
        )
        parts.append(f"### Setting: {setting} ({size})")
        body = [[label, *cells] for label, cells in _metric_rows(rows, _interval_cell)]
        published = [[f"{label} (published)", *cells] for label, cells in _published_rows(str(setting))]
        headings = [f"{name} {'↑' if up else '↓'}" for name, _, up in METRICS_SHOWN.values()]
        parts.append(_pipes([["Method", *headings], *body, *published]))
        known = [name for name in BESIDE if name in rows and rows[name].notna().any()]
        figures = [
            [str(row["label"]), *(_number(row[name], BESIDE[name][1]) for name in known)]
            for row in rows.to_dict("records")
        ]
        parts.append(_pipes([["Method", *(BESIDE[name][0] for name in known)], *figures]))
        parts += _notes(str(setting))
    return "\n\n".join(parts) + "\n"


def latex(table: pd.DataFrame) -> str:
    """Return the tables of all settings in LaTeX (booktabs), in the paper's columns, published rows last."""
    parts = []
    for setting, rows in table.groupby("setting", sort=False):
        headings = [
            f"{name}~$\\{'uparrow' if up else 'downarrow'}$" for name, _, up in METRICS_SHOWN.values()
        ]
        lines = ["\\begin{tabular}{l" + "r" * len(METRICS_SHOWN) + "}", "\\toprule"]
        lines += [_ampersands(["Method", *headings]), "\\midrule"]
        ours = list(zip(rows["method"], _metric_rows(rows, _plain_cell), strict=True))
        bounds = ("floor-", "oracle-")
        methods = [row for name, row in ours if not str(name).startswith(bounds)]
        limits = [row for name, row in ours if str(name).startswith(bounds)]
        for number, group in enumerate(group for group in (methods, limits) if group):
            lines += ["\\midrule"] * (number > 0)
            lines += [_ampersands([_escape(label), *map(_escape, cells)]) for label, cells in group]
        published = _published_rows(str(setting))
        if published:
            lines += [
                "\\midrule",
                f"\\multicolumn{{{len(METRICS_SHOWN) + 1}}}{{l}}{{\\emph{{As published}}}} \\\\",
            ]
            lines += [_ampersands([_escape(label), *map(_escape, cells)]) for label, cells in published]
        lines += ["\\bottomrule", "\\end{tabular}"]
        notes = [f"% {note}" for note in _notes(str(setting))]
        parts.append("\n".join([f"% setting: {setting}", *notes, *lines]))
    return "\n\n".join(parts) + "\n"


def format_table(table: pd.DataFrame) -> list[list[str]]:
    """Return headings and rows of plain text, for a terminal: metrics without intervals."""
    short = {"AD (published)": "AD publ."}
    headings = ["Method", *(short.get(name, name) for name, _, _ in METRICS_SHOWN.values()), "Silent"]
    rows = [
        [label, *cells, str(silent)]
        for (label, cells), silent in zip(_metric_rows(table, _plain_cell), table["n_silent"], strict=True)
    ]
    return [headings, *rows]


def _metric_rows(
    rows: pd.DataFrame, cell: Callable[[dict[str, object], str, int], str]
) -> list[tuple[str, list[str]]]:
    records = rows.to_dict("records")
    return [
        (
            str(row["label"]),
            [
                cell({str(k): v for k, v in row.items()}, name, METRICS_SHOWN[name][1])
                for name in METRICS_SHOWN
            ],
        )
        for row in records
    ]


def _interval_cell(row: dict[str, object], name: str, decimals: int) -> str:
    low, high = (_number(row[f"{name}_{end}"], decimals) for end in ("low", "high"))
    value = _number(row[name], decimals)
    return f"{value} [{low}, {high}]" if low and high else value


def _plain_cell(row: dict[str, object], name: str, decimals: int) -> str:
    return _number(row[name], decimals)


def _published_rows(setting: str) -> list[tuple[str, list[str]]]:
    return [
        (
            row.label + "*" * row.halved,
            [_number(row.values.get(name, float("nan")), 2) for name in METRICS_SHOWN],
        )
        for row in PUBLISHED.get(setting, ())
    ]


def _notes(setting: str) -> list[str]:
    if setting not in PUBLISHED:
        return []
    halved = any(row.halved for row in PUBLISHED[setting])
    return ([HALVED_NOTE] if halved else []) + [AD_NOTE]


def _number(value: object, decimals: int) -> str:
    number = float(value)  # type: ignore[arg-type]
    return "" if number != number else f"{round(number, decimals) + 0.0:.{decimals}f}"


def _pipes(rows: Sequence[Sequence[str]]) -> str:
    # A run folder's name may have a bar, which would begin a column.
    head, *body = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join([head, "|---" + "|---:" * (len(rows[0]) - 1) + "|", *body])


def _ampersands(cells: Sequence[str]) -> str:
    return " & ".join(cells) + " \\\\"


def _escape(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in text)
