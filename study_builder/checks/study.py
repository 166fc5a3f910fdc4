"""Check a study before anybody listens to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from study_builder.checks.listening_tests import check_tests
from study_builder.checks.media import check_media, report_unusable
from study_builder.checks.pages import check_blindness, check_pages
from study_builder.checks.report import CheckReport, Finding
from study_builder.checks.sounds import Track, check_sounds
from study_builder.config import CONFIG_NAME, StudyConfig
from study_builder.study_folder import links_outside


def check_study(study: Path | str, *, jobs: int | None = None, track: Track | None = None) -> CheckReport:
    """Check a study's config, pages and sounds.

    Args:
        study: its folder, or a config of webMUSHRA where it is.
        jobs: threads; see `parallel_map`.
        track: wraps the pages as their sounds are checked, with their number, for a progress bar.

    Raises:
        ConfigError: there is no config that can be read.
    """
    folder = Path(study)
    config, notices = StudyConfig.load_with_notices(folder)
    root = folder if folder.is_dir() else config.find_base(folder)

    def findings() -> Iterator[Finding]:
        for notice in notices:
            yield Finding(
                "warning",
                "key",
                f"{folder.name if folder.is_file() else CONFIG_NAME}, line {notice.line}",
                notice.message,
            )
        if folder.is_dir() and links_outside(root, CONFIG_NAME):
            yield report_unusable(root, CONFIG_NAME, "it is the study's config")
        yield from check_pages(config)
        yield from check_tests(config)
        yield from check_blindness(config)
        yield from check_media(root, config)
        yield from check_sounds(root, config, jobs=jobs, track=track)

    return CheckReport.of(findings())
