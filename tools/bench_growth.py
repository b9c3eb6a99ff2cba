"""What more services, and larger ones, cost: the second half of `make bench`, see docs/performance.md.

Stacks: 1, 2, 4 and 8 services of six stacks each in one embedded AWS, as many at once as there are cores; a first deployment,
then one that changes nothing. Definitions: a service of 10 to 1,000 functions with a role and a route each; the time of the task
that checks and defines all of it, of the plan of its first deployment, and until the page of that plan is open in Chromium.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import CORES, ENVIRONMENT, ROOT, Figures, ansible, measured

SERVICES = (1, 2, 4, 8)
FUNCTIONS = (10, 100, 300, 1000)
# Terraform's graph of an apply grows with the square of the instances: by that, 1,000 would take half an hour.
PLANNED = 300
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")


def told(figures: Figures) -> str:
    return f"{figures.wall[-1]:.1f} | {figures.cpu[-1]:.1f} | {figures.memory[-1]:.0f}"


def inventory_of(service: str, work: Path) -> str:
    """dev of another service, which only an inventory may name."""
    folder = work / "inventories" / service
    shutil.copytree(ROOT / "inventories/dev", folder)
    with (folder / "group_vars/all.yml").open("a") as file:
        file.write(f"\nsite_builder_service: {service}\n")
    return str(folder)


def stacks(work: Path) -> None:
    """Several services side by side."""
    print(
        "| stacks | first, wall s | CPU s | MiB | no change, wall s | CPU s | MiB |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    ansible("playbooks/unlock.yml", work)  # starts the embedded AWS
    for count in SERVICES:
        names = [inventory_of(f"s{count}x{number}", work) for number in range(count)]
        row = [str(len(names) * 6)]
        for _ in ("first", "no change"):
            figures = Figures()
            with measured(figures), ThreadPoolExecutor(CORES) as pool:
                list(pool.map(lambda name: ansible("deploy.yml", work, inventory=name), names))
            row.append(told(figures))
        print(f"| {' | '.join(row)} |", flush=True)


def definition(count: int, folder: Path) -> Path:
    """A service of this many functions, each with a role and a route."""
    keys = [f"f{number:04}" for number in range(count)]
    source = str(ROOT / "examples/functions/validation")
    routes = {key: {"path": f"/{key}", "method": "GET", "function": key, "authorization": "NONE"} for key in keys}
    values = {
        "lambda_functions": {key: {"source": source, "handler": "app.handler", "layers": ["common"]} for key in keys},
        "iam_roles": {key: {"description": "One of many"} for key in keys},
        "api_gateway_apis": {"generation": {"routes": routes}},
    }
    path = folder / f"{count}.json"
    path.write_text(json.dumps(values))
    return path


def definitions(work: Path) -> None:
    """Services of many functions."""
    print(
        "| functions | define, s | plan of all, wall s | CPU s | MiB | page, MB | opens in, s |\n|---|---|---|---|---|---|",
        flush=True,
    )
    for count in FUNCTIONS:
        given = {
            "inventory": inventory_of(f"d{count}", work),
            "site_builder_definitions": [str(definition(count, work))],
            "site_builder_max_changes": 100_000,
        }
        row = [str(count), defined(work, given)]
        if count <= PLANNED:
            figures = Figures()
            with measured(figures):
                ansible("playbooks/plan.yml", work, **given)
            page = max((work / "dev/plans").glob("*/plan.html"), key=lambda path: path.stat().st_mtime)
            row += [told(figures), f"{page.stat().st_size / 1e6:.1f}", opens(page)]
        else:
            row += [""] * 5
        print(f"| {' | '.join(row)} |", flush=True)


def defined(work: Path, given: dict[str, Any]) -> str:
    """How long the task takes that checks and defines everything."""
    said = ansible("playbooks/render.yml", work, "--check", **given, site_builder_target="aws")
    return re.search(r"Define the stacks -+ ([\d.]+)s", said)[1]


def opens(page: Path) -> str:
    """How long a browser takes until the page is there."""
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "no playwright"
    if not binary:
        return "no browser"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary)
        tab = browser.new_page()
        started = time.monotonic()
        tab.goto(page.as_uri())
        tab.evaluate("document.body.scrollHeight")
        seconds = time.monotonic() - started
        browser.close()
    return f"{seconds:.1f}"


def main() -> None:
    """Usage: bench_growth.py [stacks|definitions]..."""
    ENVIRONMENT["ANSIBLE_CALLBACKS_ENABLED"] = "ansible.posix.profile_tasks"
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        try:
            for part in sys.argv[1:] or ("stacks", "definitions"):
                {"stacks": stacks, "definitions": definitions}[part](work)
        finally:
            ansible("playbooks/local_aws_down.yml", work)


if __name__ == "__main__":
    main()
