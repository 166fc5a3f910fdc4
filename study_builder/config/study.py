"""A study's `config.yaml`, typed: a webMUSHRA config, and what only listenable knows under `listenable:`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field
from yaml import YAMLError

from stimuli.files import write_text
from stimuli.vocabulary import CONFIG_NAME
from study_builder.config import webmushra
from study_builder.config.media import Medium, media_in
from study_builder.config.options import ConditionInfo, ItemInfo, StudyOptions, TrialInfo
from study_builder.config.page_models import Model, RatingPage, Text
from study_builder.config.page_reader import PageReader
from study_builder.config.page_types import (
    Block,
    LikertPage,
    LikertPoint,
    MushraPage,
    Page,
    Question,
    walk,
)
from study_builder.config.questionnaires import find_clash, find_misplaced, points_of, questions_of
from study_builder.config.roles import CONVENTIONAL_ROLES, REFERENCE
from study_builder.config.spatial_page import SpatialPage
from study_builder.config.webmushra import Notice
from study_builder.config.yaml_reader import find_text, parse
from study_builder.config.yaml_writer import dump
from study_builder.errors import ConfigError

logger = logging.getLogger(__name__)


class StudyConfig(Model):
    """A study as its participants will meet it.

    Attributes:
        title: shown to participants.
        test_id: names the study in its results.
        buffer_size, stop_on_errors, remote_service: only for the original webMUSHRA.
        show_previous: whether a participant may go back.
        language: of the pages' buttons, as an ISO 639-1 code.
        pages: the tree of pages and blocks.
        options: what webMUSHRA does not know.
    """

    title: Text = ""
    test_id: Text = "study"
    buffer_size: int = 2048
    stop_on_errors: bool = True
    show_previous: bool = False
    language: Text = "en"
    remote_service: Text = "service/write.php"
    pages: tuple[Page | Block, ...] = ()
    options: StudyOptions = Field(default_factory=StudyOptions)

    @classmethod
    def load(cls, path: Path | str) -> StudyConfig:
        """Read a study's config; what `load_with_notices` notices is logged as a warning.

        Args:
            path: the YAML file, or the study's folder that holds `config.yaml`.

        Raises:
            ConfigError: the file is not a study's config.
        """
        config, notices = cls.load_with_notices(path)
        for notice in notices:
            logger.warning("%s, %s", path, notice)
        return config

    @classmethod
    def load_title(cls, path: Path | str) -> str:
        """Read the title of a study only, which is where a config begins: all of it may take seconds.

        Args:
            path: the YAML file, or the study's folder.

        Raises:
            ConfigError: the file cannot be read up to there.
        """
        file = Path(path) / CONFIG_NAME if Path(path).is_dir() else Path(path)
        try:
            found = find_text(file.read_text(encoding="utf-8-sig"), "testname")
        except (OSError, ValueError, RecursionError, YAMLError) as error:
            raise ConfigError(f"{file}: has no title that can be read ({error})") from None
        return cls.load(file).title if found is None else found

    @classmethod
    def load_with_notices(
        cls, path: Path | str, *, tolerant: bool = False
    ) -> tuple[StudyConfig, list[Notice]]:
        """Read a study's config, and report keys that are unknown or have no effect.

        Args:
            path: the YAML file, or the study's folder.
            tolerant: see `parse`.

        Raises:
            ConfigError: the file does not exist, or it cannot be used.
        """
        file = Path(path) / CONFIG_NAME if Path(path).is_dir() else Path(path)
        try:
            text = file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ConfigError(f"{file} does not exist; expected a study's config") from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{file}: byte {error.start} is not UTF-8; expected a text file") from error
        return cls.parse(text, str(file), tolerant=tolerant)

    @classmethod
    def parse(
        cls, text: str, source: str = CONFIG_NAME, *, tolerant: bool = False
    ) -> tuple[StudyConfig, list[Notice]]:
        """Read a config from text.

        Args:
            text: the file's content.
            source: names it in messages.
            tolerant: leave out pages that cannot be read (of an unknown type, for example), each with a
                notice of the key `pages`, and do not check what only a server needs. For readers of ratings:
                the study may have been served by another program.

        Raises:
            ConfigError: it cannot be used; the message names key and line.
        """
        document = parse(text, source)
        if not isinstance(document.data, dict):
            raise ConfigError(f"{source}: has no keys; expected a study's config with 'testname' and 'pages'")
        fields, notices = webmushra.from_wire(document.data, webmushra.STUDY, document, ())
        notices += [
            Notice(line, "", "this text needs quotes around it; it was read as webMUSHRA reads it")
            for line in document.repaired
        ]
        reader = PageReader(document, source, notices, tolerant=tolerant)
        fields["pages"] = tuple(reader.tree(fields.get("pages"), ("pages",)))
        options = fields.pop("options", None)
        fields["options"] = reader.validate(
            StudyOptions, {} if options is None else options, (webmushra.OURS,)
        )
        if not tolerant:
            _check_questions(reader, fields["pages"], fields["options"])
        return reader.validate(cls, fields, ()), sorted(notices, key=lambda notice: notice.line)

    def to_yaml(self) -> str:
        """Return the config as YAML that webMUSHRA itself runs."""
        fields = self.model_dump(mode="json", exclude={"pages", "options"})
        version = {"schema_version": self.options.schema_version}  # the first key of the block
        options = version | self.options.model_dump(mode="json", exclude_none=True)
        fields |= {"pages": [_page_to_wire(page) for page in self.pages], "options": options}
        return dump(webmushra.to_wire(fields, webmushra.STUDY))

    def save(self, path: Path | str) -> None:
        """Write the config; `path` is a YAML file or the study's folder. Never leaves a half-written file."""
        file = Path(path) / CONFIG_NAME if Path(path).is_dir() else Path(path)
        write_text(file, self.to_yaml())

    def walk(self) -> Iterator[Page]:
        """Yield every page in the order of the file."""
        return walk(self.pages)

    def trial(self, page: Page) -> TrialInfo:
        """Return what is known about a rating page; by default a trial of an item with its name."""
        name = page.id or page.name or page.type
        return self.options.trials.get(name) or TrialInfo(item=name)

    def questions(self, page: Page) -> tuple[Question, ...]:
        """Return the questionnaire of a page, empty if it has none."""
        return questions_of(page, self.options.questionnaires)

    def points(self, page: Page) -> tuple[LikertPoint, ...]:
        """Return every named point that can be chosen on a page, of its scales and of its questions."""
        return tuple(points_of(page, self.options.questionnaires))

    def media(self, page: Page) -> tuple[Medium, ...]:
        """Return the pictures and sounds of a page's texts, and the pictures of its points."""
        of_points = [Medium("picture", path) for point in self.points(page) for path in point.pictures]
        return (*of_points, *(medium for text in page.html() for medium in media_in(text)))

    def named_files(self) -> Iterator[str]:
        """Yield the paths of every sound, picture and model that the pages name, and of the lab's logo."""
        for page in self.walk():
            yield from page.sounds().values()
            yield from (medium.path for medium in self.media(page))
            if isinstance(page, SpatialPage):
                yield from page.models
        if self.options.lab is not None and self.options.lab.logo is not None:
            yield self.options.lab.logo

    def find_base(self, file: Path) -> Path:
        """Return the folder that the paths of this config are relative to: the file's own, or the one above.

        webMUSHRA keeps configs in `configs/`, next to the folders of their sounds.

        Args:
            file: the config's file.
        """
        folders = (file.parent, file.resolve().parent.parent)
        name = next(self.named_files(), None)
        return next((one for one in folders if name and (one / name).is_file()), file.parent)

    def condition(self, name: str) -> ConditionInfo:
        """Return a condition's role and label; webMUSHRA's own names have their usual roles."""
        listed = self.options.conditions.get(name)
        return listed or ConditionInfo(role=CONVENTIONAL_ROLES.get(name, "method"))

    @property
    def written_in(self) -> str:
        """The language in which the pages' texts are written."""
        return self.options.language or self.language

    def find_languages(self) -> list[str]:
        """Return the languages in which a listener can have the pages, the one they are written in first."""
        found = (language for texts in self.options.translations or () for language in texts)
        return list(dict.fromkeys((self.written_in, *found)))

    def translations_into(self, language: str) -> dict[str, str]:
        """Return the texts of a language by those that the pages have; texts without one are left out."""
        source = self.written_in
        every = self.options.translations or ()
        return {texts[source]: texts[language] for texts in every if source in texts and language in texts}

    def item_label(self, name: str) -> str:
        """Return an item's name as people read it: its label, or its id if it has none."""
        return self.options.items.get(name, ItemInfo()).label or name

    def presented(self, page: RatingPage) -> tuple[str, ...]:
        """Return the conditions that listeners score on `page`, in the order of webMUSHRA before it shuffles.

        The reference is one of them (the hidden reference) on a MUSHRA page, unless the study says
        `hidden_reference: false`.
        """
        names = tuple(page.conditions)
        if isinstance(page, MushraPage):
            hidden = page.reference is not None and self.options.hidden_reference
            names += ((REFERENCE,) if hidden else ()) + page.created_anchors
        return names


def _check_questions(reader: PageReader, pages: tuple[Page | Block, ...], options: StudyOptions) -> None:
    if wrong := find_misplaced(walk(pages), options.questionnaires):
        raise reader.error((webmushra.OURS, "questionnaires", wrong[0]), wrong[1])
    if twice := find_clash(walk(pages), options):
        raise reader.error(*twice)


def _page_to_wire(page: Page | Block) -> Any:
    if isinstance(page, Block):
        inner = [_page_to_wire(one) for one in page.pages]
        return [webmushra.RANDOM, *inner] if page.random else inner
    fields = page.model_dump(mode="json")
    if isinstance(page, LikertPage):
        fields["response"] = webmushra.likert_to_wire(fields["response"])
    return webmushra.to_wire(fields, webmushra.PAGES[page.type])
