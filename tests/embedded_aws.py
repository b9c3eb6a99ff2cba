"""The switches of the embedded AWS: what it denies, and what was called. See roles/local_aws/files/aws_gate.py."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_READ = re.compile(r"\S+ (Get|Head|List|Describe|BatchGet)")


@dataclass
class EmbeddedAws:
    """That of one work directory; it need not run yet."""

    work_dir: Path

    @property
    def directory(self) -> Path:
        """Where both servers run."""
        return self.work_dir / "local_aws"

    def deny(self, *entries: dict[str, Any]) -> None:
        """Deny calls from now on, and no others than these: {service, operation, code, message, status, times, containing}."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.directory / "deny.new"
        draft.write_text(json.dumps(entries))
        draft.replace(self.directory / "deny.json")

    def deny_nothing(self) -> None:
        """End all denials."""
        (self.directory / "deny.json").unlink(missing_ok=True)

    def calls(self) -> list[str]:
        """Each "service Operation" that was called, in the order of the first calls, DynamoDB's before all others."""
        return [line for record in self._records() for line in record.read_text().splitlines()]

    def writes(self) -> list[str]:
        """Those of the calls that are no reads."""
        return [line for line in self.calls() if not _READ.match(line)]

    def forget_calls(self) -> None:
        """Begin a new record."""
        for record in self._records():
            record.unlink()

    def _records(self) -> list[Path]:
        return sorted(self.directory.glob("*.calls"))
