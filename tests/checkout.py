"""A copy of the checkout, for what writes into one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import BIN, ROOT, clean_environment


class Copy:
    """A checkout of its own, as git would make it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        files = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True)
        names = [name for name in files.splitlines() if (ROOT / name).exists()]
        archive = subprocess.run(["tar", "-cf", "-", *names], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-xf", "-"], cwd=root, check=True, input=archive)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        environment = {**clean_environment(self.root / ".work"), "ANSIBLE_CONFIG": str(self.root / "ansible.cfg")}
        environment |= {"PATH": f"{BIN}:{environment['PATH']}"}
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
