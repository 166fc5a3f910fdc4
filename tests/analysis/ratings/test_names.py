"""Words that the analysis does not import from the study builder, which needs pydantic, are the same."""

from __future__ import annotations

from typing import get_args

from analysis.ratings.names import DATABASE, RATING_COLUMNS, WEBMUSHRA_FILES
from analysis.ratings.readers.ours import is_ours
from analysis.ratings.study import CONFIG
from analysis.ratings.tidy import KINDS, ROLES, role_of
from study_builder.config import CONFIG_NAME, Kind, RatedPage, Role, SpatialPage
from study_builder.config.roles import CONVENTIONAL_ROLES
from study_builder.study_folder import RATINGS_NAME


def test_the_analysis_and_the_study_builder_have_the_same_words() -> None:
    assert set(KINDS) == set(get_args(Kind)) and set(ROLES) == set(get_args(Role))
    assert {name: role_of(name) for name in CONVENTIONAL_ROLES} == CONVENTIONAL_ROLES
    assert (DATABASE, CONFIG) == (RATINGS_NAME, CONFIG_NAME)
    assert is_ours(list(RATING_COLUMNS))


def test_every_type_of_page_with_scores_has_a_file_of_webmushras() -> None:
    pages = [page for page in get_args(RatedPage) if page is not SpatialPage]
    assert set(WEBMUSHRA_FILES) == {page.model_fields["type"].default for page in pages}
