"""What a check finds: errors, warnings and notes, each with the clause that it is based on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]

STANDARD = "ITU-R BS.1534-3"


@dataclass(frozen=True)
class Finding:
    """One finding of a check.

    Attributes:
        severity: an error makes the study invalid or impossible; a warning asks for a justification in the
            report; a note is for information.
        code: short name, stable between versions.
        where: page, sound or key.
        message: what was found, and what was expected.
        clause: of a standard, or empty.
    """

    severity: Severity
    code: str
    where: str
    message: str
    clause: str = ""

    def __str__(self) -> str:
        clause = f" [{self.clause}]" if self.clause else ""
        return f"{self.severity}: {self.where}: {self.message}{clause}"


@dataclass(frozen=True)
class CheckReport:
    """Everything that a check found, errors first."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> CheckReport:
        """Sort findings by severity; within one, they keep their order."""
        ranks = {"error": 0, "warning": 1, "note": 2}
        return cls(tuple(sorted(findings, key=lambda finding: ranks[finding.severity])))

    def of_severity(self, severity: Severity) -> Iterator[Finding]:
        """Yield the findings of one severity."""
        return (finding for finding in self.findings if finding.severity == severity)

    @property
    def exit_code(self) -> int:
        """2 if there are errors, 1 if there are warnings, else 0."""
        severities = {finding.severity for finding in self.findings}
        return 2 if "error" in severities else 1 if "warning" in severities else 0

    def to_json(self) -> dict[str, object]:
        """Return the report as JSON data."""
        return {"exit_code": self.exit_code, "findings": [asdict(finding) for finding in self.findings]}


def page_of_standard(page: str) -> str:
    """Return a citation of BS.1534-3."""
    return f"{STANDARD}, {page}"
