"""Runs ansible-playbook many times for one import of Ansible: a fork for each run. For tests; reads jobs, prints results.

A job is {arguments, environment, output}; a result is {code, seconds}. Both are JSON lists.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from ansible.cli.playbook import PlaybookCLI
from ansible.executor import playbook_executor  # noqa: F401 - imported once, here


def child(job: dict[str, Any]) -> NoReturn:
    os.environ.update(job["environment"])
    descriptor = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    code = 99
    try:
        PlaybookCLI.cli_executor(["ansible-playbook", *job["arguments"]])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not exit(): what the parent has registered for its own end is none of the child's business.
        os._exit(code)


def main() -> None:
    results = []
    # Nothing of what is imported will go: no child needs to look at it, and copy its pages.
    gc.freeze()
    for job in json.loads(Path(sys.argv[1]).read_text()):
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            child(job)
        _pid, status = os.waitpid(pid, 0)
        results.append({"code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - started})
    print(json.dumps(results))


if __name__ == "__main__":
    main()
