"""The fingerprint of a study's design: what must not change once ratings are stored.

Texts may be corrected while a study runs. What a stored score means may not change: pages, conditions and
their sounds, orders, scales and points, items and kinds.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mushra_server.study.served_study import Study
from study_builder.config import AbPage, LikertPage, Page, RatingPage, StudyConfig

__all__ = ["earlier_fingerprint", "fingerprint"]

VERSION = "2:"


def fingerprint(study: Study) -> str:
    """Return the fingerprint of a study's design."""
    config = study.config
    rated = [_describe_rated(config, page) for page in config.walk() if isinstance(page, RatingPage)]
    return VERSION + _digest({**_base(study), "rated": rated})


def earlier_fingerprint(study: Study) -> str:
    """Return the fingerprint of databases before version 2: without sounds, points, items and kinds."""
    return _digest(_base(study))


def _base(study: Study) -> dict[str, Any]:
    options = study.config.options
    return {
        "pages": [_shape(page) for page in study.config.walk()],
        "plan": [[page.id, page.type, list(page.conditions().values())] for page in study.pages(1)],
        "seed": options.seed,
        "order": options.order,
        "items_per_session": options.items_per_session,
        # Left out if not chosen: studies before the key have the fingerprint that they had.
        **({"pages_per_session": options.pages_per_session} if options.pages_per_session else {}),
        **({"adaptive": options.adaptive} if options.adaptive else {}),
        "scales": [[scale.name, scale.min, scale.max] for scale in options.scales],
    }


def _shape(page: Page) -> list[object]:
    sounds = page.sounds() if isinstance(page, RatingPage) else {}
    return [page.id, page.type, sorted(sounds)]


def _describe_rated(config: StudyConfig, page: Page) -> list[object]:
    trial, hashes = config.trial(page), config.options.files
    sounds = {name: [path, hashes.get(path)] for name, path in page.sounds().items()}
    scales = page.response if isinstance(page, LikertPage) else ()
    points = [[point.value for point in scale] for scale in scales]
    described: list[object] = [page.id, sounds, points, trial.item, trial.kind, trial.repeat_of]
    # Left out if there are none: studies before these were described have the fingerprint that they had.
    described += ["ties"] if isinstance(page, AbPage) and page.ties else []
    return described if trial.x is None else [*described, ["x", trial.x]]


def _digest(design: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(design, sort_keys=True).encode()).hexdigest()
