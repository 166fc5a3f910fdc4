"""The study that is served: its config, its folder, and the pages of each session."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mushra_server.errors import ServerError
from mushra_server.study.media import check_medium
from mushra_server.study.session_cache import SessionCache
from study_builder.config import CONFIG_NAME, MushraPage, Page, Question, RatingPage, SpatialPage, StudyConfig
from study_builder.design import PlannedPage, session_plan
from study_builder.design.adaptive import chooses_pairs, count_pairs

__all__ = ["SessionPage", "Study"]

MOST_PAGES = 200_000
"""Of all plans that are kept: some 80 MB, the sessions of three thousand listeners with 60 pages each."""


@dataclass(frozen=True)
class SessionPage:
    """One page of one session, as it is numbered in the HTTP interface.

    Attributes:
        index: Position in the session.
        id: The page's id in the study; never shown to the browser.
        type: The page type of webMUSHRA, or one of our own, such as ``headphone_check``.
        planned: The page in the session's plan; None for a check of what listeners hear with, which is in no
            config.
        questions: What the page asks, empty if it asks nothing.
        media: Paths of the pictures and sounds of its texts, and of the pictures of its points.
    """

    index: int
    id: str
    type: str
    planned: PlannedPage | None
    questions: tuple[Question, ...] = ()
    media: tuple[str, ...] = ()

    @property
    def page(self) -> Page | None:
        """The page as the config has it."""
        return None if self.planned is None else self.planned.page

    @property
    def rates(self) -> bool:
        """Whether conditions are scored here by this server's own page."""
        return isinstance(self.page, RatingPage) and not isinstance(self.page, SpatialPage)

    @property
    def decides(self) -> bool:
        """Whether the answer decides on the page after it, so that it cannot be changed."""
        return self.planned is not None and self.planned.adaptive is not None

    @property
    def required(self) -> bool:
        """Whether a session without an answer to this page is incomplete."""
        asked = any(not question.optional for question in self.questions)
        return self.rates or asked or bool(getattr(self.page, "must_consent", False))

    def conditions(self) -> dict[str, str]:
        """Return the scored conditions by opaque key, in the order of presentation."""
        names = () if self.planned is None or not self.rates else self.planned.conditions
        return {f"s{place}": name for place, name in enumerate(names, start=1)}


# Of all studies of this process.
_plans: SessionCache[tuple[SessionPage, ...]] = SessionCache(MOST_PAGES)


class Study:
    """A study folder, opened for serving.

    Args:
        path: The folder that contains `config.yaml`, or that file.
        own_page: Whether this server's own page shows it: then every sound must be there beforehand.

    Raises:
        ConfigError: If the config cannot be read.
        ServerError: If a sound is missing or is outside the folder.

    Attributes:
        config_path: The config's file.
        root: The folder that the config's paths are relative to.
        posted_questions: Questions that it does not ask, and that sessions of webMUSHRA have answered.
    """

    def __init__(self, path: Path | str, *, own_page: bool = True) -> None:
        given = Path(path)
        self.config = StudyConfig.load(given)
        self.config_path = given / CONFIG_NAME if given.is_dir() else given
        self.root = given if given.is_dir() else self.config.find_base(given)
        self.name = self.config.test_id
        self.title = self.config.title or self.name
        if not self.config.pages:
            raise ServerError(f"{self.config_path}: has no pages; expected at least one")
        if given.is_dir():
            self.file(CONFIG_NAME)
        if own_page:
            self._check_files()
        self.posted_questions: set[str] = set()
        self._owner = object()  # of the plans that are kept

    @property
    def adaptive(self) -> bool:
        """Whether the pages of a session follow from its answers."""
        return self.config.options.adaptive is not None

    def pages(self, slot: int, answers: tuple[float, ...] = ()) -> tuple[SessionPage, ...]:
        """Return the pages of the session with a slot, in order.

        Args:
            slot: Of the session.
            answers: To the trials of an adaptive test so far.
        """
        return _plans.get((self._owner, slot, answers), lambda: self._plan(slot, answers))

    def find_pages(self, slot: int, answers: tuple[float, ...] = ()) -> tuple[SessionPage, ...] | None:
        """Return what `pages` returns if it is kept; None if the session would have to be planned."""
        return _plans.find((self._owner, slot, answers))

    def forget(self) -> None:
        """Let go of the plans that are kept, when the study is closed."""
        _plans.forget(self._owner)

    def count_pages(self, slot: int) -> int | None:
        """Return how many pages the session with a slot has; None if its answers decide on that."""
        rule = self.config.options.adaptive
        if rule is None:
            return len(self.pages(slot))
        # However pairs are answered, there are as many.
        return len(self.pages(slot, (0.5,) * count_pairs(rule))) if chooses_pairs(rule) else None

    def has_more(self, slot: int, answers: tuple[float, ...]) -> bool:
        """Return whether pages follow that depend on the answer to the last of `pages`."""
        return sum(page.decides for page in self.pages(slot, answers)) > len(answers)

    def file(self, path: str) -> Path:
        """Return a file of the study from its path in the config.

        Raises:
            ServerError: If the path leaves the study's folder, by its name or by a link.
        """
        if "://" in path:
            raise ServerError(
                f"{self.config_path}: {path!r} is on another site; download it, and name a file in the study"
            )
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts:
            raise ServerError(f"{self.config_path}: the path {path!r} leaves the study's folder")
        file = self.root / parts
        # Only a link leads elsewhere; to resolve the whole path of each sound took most of opening a study.
        if self._has_link(parts) and not file.resolve().is_relative_to(self.root.resolve()):
            raise ServerError(
                f"{file}: is a link that leaves the study's folder; expected a file in the folder"
            )
        return file

    def _has_link(self, parts: PurePosixPath) -> bool:
        return any((self.root / part).is_symlink() for part in (parts, *parts.parents[:-1]))

    def check_own_pages(self) -> None:
        """Check that this server's own page can show every page.

        Raises:
            ServerError: If a page needs webMUSHRA's.
        """
        for page in self.config.walk():
            if isinstance(page, SpatialPage):
                raise ServerError(
                    f"{self.config_path}: page {page.id!r} is a spatial page, which only webMUSHRA "
                    "can show; expected --frontend webmushra --webmushra FOLDER, or a study without that page"
                )

    @functools.cached_property
    def named_files(self) -> frozenset[str]:
        """The paths that the config names: sounds, pictures, models of spatial pages."""
        return frozenset(self.config.named_files())

    def _plan(self, slot: int, answers: tuple[float, ...]) -> tuple[SessionPage, ...]:
        planned = session_plan(self.config, slot, answers).pages
        first = next((at for at, page in enumerate(planned) if page.trial is not None), len(planned))
        entries: list[PlannedPage | str] = [*planned[:first], *self.config.options.checks, *planned[first:]]
        return tuple(self._session_page(index, entry) for index, entry in enumerate(entries))

    def _session_page(self, index: int, planned: PlannedPage | str) -> SessionPage:
        """Return a page of the plan, or the check of a type."""
        if isinstance(planned, str):
            return SessionPage(index, planned, planned, None)
        page = planned.page
        questions = self.config.questions(page)
        media = tuple(medium.path for medium in self.config.media(page))
        return SessionPage(index, planned.id, page.type, planned, questions, media)

    def _check_files(self) -> None:
        lab = self.config.options.lab
        if lab is not None and lab.logo is not None:
            check_medium(self.file(lab.logo), "picture", "lab")
        for page in self.config.walk():
            if isinstance(page, MushraPage) and page.created_anchors:
                raise ServerError(
                    f"{self.config_path}: page {page.id!r} has anchors made in the browser; make a study "
                    f"with rendered ones by `listenable study adopt {self.config_path} --out STUDY`"
                )
            for path in page.sounds().values():
                if not self.file(path).is_file():
                    raise ServerError(f"{self.file(path)}: not found; expected a sound of page {page.id!r}")
            for kind, path in self.config.media(page):
                check_medium(self.file(path), kind, page.id)
