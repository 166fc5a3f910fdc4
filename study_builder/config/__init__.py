"""The config of a study, as other packages import it: pages, options and the model of the whole."""

from __future__ import annotations

from stimuli.vocabulary import CONFIG_NAME
from study_builder.config.choice_pages import (
    AbPage,
    AbxPage,
    BestWorstPage,
    CcrPage,
    ChoicePage,
    DcrPage,
    PairPage,
)
from study_builder.config.listening_tests import TEST_NAMES, TESTS, ListeningTest, TestName
from study_builder.config.media import MEDIA_TYPES, Medium, MediumKind, with_addresses
from study_builder.config.options import (
    Completion,
    ConditionInfo,
    ItemInfo,
    Kind,
    Order,
    Scale,
    StudyOptions,
    TrialInfo,
)
from study_builder.config.page_models import BasePage, RatingPage, ReferencePage
from study_builder.config.page_types import (
    Block,
    Bs1116Page,
    ConsentPage,
    FinishPage,
    GenericPage,
    LikertMultiStimulusPage,
    LikertPage,
    LikertPoint,
    LikertSingleStimulusPage,
    MushraPage,
    Page,
    PairedComparisonPage,
    Question,
    RatedPage,
    VolumePage,
)
from study_builder.config.roles import LOW_ANCHOR, MID_ANCHOR, REFERENCE, Role
from study_builder.config.scales import (
    PageScale,
    as_number,
    scales_of,
    scales_of_type,
)
from study_builder.config.spatial_page import (
    SpatialPage,
)
from study_builder.config.study import (
    StudyConfig,
)
from study_builder.config.webmushra import (
    Notice,
)
from study_builder.errors import ConfigError

__all__ = [
    "CONFIG_NAME",
    "LOW_ANCHOR",
    "MEDIA_TYPES",
    "MID_ANCHOR",
    "REFERENCE",
    "TESTS",
    "TEST_NAMES",
    "AbPage",
    "AbxPage",
    "BasePage",
    "BestWorstPage",
    "Block",
    "Bs1116Page",
    "CcrPage",
    "ChoicePage",
    "Completion",
    "ConditionInfo",
    "ConfigError",
    "ConsentPage",
    "DcrPage",
    "FinishPage",
    "GenericPage",
    "ItemInfo",
    "Kind",
    "LikertMultiStimulusPage",
    "LikertPage",
    "LikertPoint",
    "LikertSingleStimulusPage",
    "ListeningTest",
    "Medium",
    "MediumKind",
    "MushraPage",
    "Notice",
    "Order",
    "Page",
    "PageScale",
    "PairPage",
    "PairedComparisonPage",
    "Question",
    "RatedPage",
    "RatingPage",
    "ReferencePage",
    "Role",
    "Scale",
    "SpatialPage",
    "StudyConfig",
    "StudyOptions",
    "TestName",
    "TrialInfo",
    "VolumePage",
    "as_number",
    "scales_of",
    "scales_of_type",
    "with_addresses",
]
