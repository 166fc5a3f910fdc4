"""Names of columns and files, and the roles that conditions have by convention."""

from __future__ import annotations

from typing import get_args

from analysis.ratings.names import RATING_COLUMNS, WEBMUSHRA_FILES
from analysis.ratings.readers.ours import is_ours
from analysis.ratings.spellings import role_of
from study_builder.config import ChoicePage, RatedPage, SpatialPage
from study_builder.config.roles import CONVENTIONAL_ROLES


def test_conventional_names_have_the_same_roles_in_studies_and_in_ratings() -> None:
    assert {name: role_of(name) for name in CONVENTIONAL_ROLES} == CONVENTIONAL_ROLES
    assert is_ours(list(RATING_COLUMNS))


def test_every_type_of_page_that_webmushra_has_with_scores_has_a_file_of_webmushras() -> None:
    others = (SpatialPage, *get_args(ChoicePage))
    pages = [page for page in get_args(RatedPage) if page not in others]
    assert set(WEBMUSHRA_FILES) == {page.model_fields["type"].default for page in pages}
