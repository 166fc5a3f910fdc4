"""Build a study from a folder of sounds, and look it through before anybody listens.

python examples/build_a_study.py my_sounds my_study
"""

from __future__ import annotations

import sys
from pathlib import Path

from study_builder import Choices, StudyConfig, build_study, check_study, session_plan


def build(sounds: Path, study: Path) -> int:
    """Build and check; return the number of errors that the check found."""
    build_study(sounds, study, Choices(title="Noise", seed=1))
    report = check_study(study)
    for finding in report.findings:
        print(finding)
    config = StudyConfig.load(study)
    for slot in range(2):
        pages = [page for page in session_plan(config, slot).pages if page.kind == "trial"]
        order = [f"{page.id}: {' '.join(page.conditions)}" for page in pages]
        print(f"listener {slot + 1} hears {'; '.join(order)}")
    return sum(finding.severity == "error" for finding in report.findings)


if __name__ == "__main__":
    sys.exit(1 if build(Path(sys.argv[1]), Path(sys.argv[2])) else 0)
