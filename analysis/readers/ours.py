"""Ratings of our own server: the two export views of its database, and the CSV made from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import RatingsError
from analysis.readers.table import FILE, LINE

DATABASE = "ratings.sqlite3"
_HEADER = {"study", "listener", "session", "item", "condition", "score", "kind", "simulated"}


def is_ours(header: list[str]) -> bool:
    """Say whether a CSV header is that of our export."""
    return set(header) >= _HEADER


def read_database(url: str, name: str) -> pd.DataFrame:
    """Read the views `export_ratings` and `export_answers` of a database.

    Args:
        url: SQLAlchemy URL; its password never appears in an error.
        name: What the database is called in an error.

    Raises:
        RatingsError: It cannot be opened or has no such views.
    """
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        engine = create_engine(url)
        with engine.connect() as connection:
            ratings = pd.read_sql(text("SELECT * FROM export_ratings"), connection)
            answers = pd.read_sql(text("SELECT session, name, value FROM export_answers"), connection)
        engine.dispose()
    except (ArgumentError, ImportError) as error:
        raise RatingsError(f"{name} cannot be opened as a database: {error}.") from None
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise RatingsError(
            f"{name} has no ratings to read (views export_ratings and export_answers): {reason}."
        ) from None
    ratings = with_answers(ratings, answers)
    ratings[FILE], ratings[LINE] = name, range(1, len(ratings) + 1)
    return ratings


def with_answers(ratings: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Add one text column `q_<name>` per questionnaire answer, by session."""
    if answers.empty:
        return ratings
    wide = answers.drop_duplicates(["session", "name"], keep="last").pivot(
        index="session", columns="name", values="value"
    )
    return ratings.join(wide.add_prefix("q_"), on="session")


def sqlite_url(path: Path) -> str:
    """URL of an existing SQLite file."""
    return f"sqlite:///{path.resolve()}"


def condition_labels(study: Path) -> dict[str, str]:
    """Return the conditions' names for people from a study's `config.yaml`; empty where it has none.

    Raises:
        RatingsError: The file is not YAML.
    """
    config = study_config(study)
    ours = config.get("listenable") or {}
    return {
        str(name): str(entry["label"])
        for name, entry in (ours.get("conditions") or {}).items()
        if (entry or {}).get("label")
    }


def study_config(study: Path) -> dict[str, Any]:
    """Read a study folder's `config.yaml`; an empty mapping where there is none."""
    import yaml

    path = study / "config.yaml"
    if not path.is_file():
        return {}
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RatingsError(f"{path} is not YAML: {str(error).splitlines()[0]}.") from None
    if not isinstance(config, dict):
        raise RatingsError(f"{path} does not hold a mapping; expected a study's configuration.")
    return config
