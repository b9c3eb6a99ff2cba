# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person must correct, said in one sentence for each mistake."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any


class SiteBuilderError(ValueError):
    """Values that a person must correct. Each of `problems` is one sentence: what, which value, the fix."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def translate(functions: Mapping[str, Callable], error: type[Exception]) -> dict[str, Callable]:
    """Wrap functions so that a SiteBuilderError reaches the caller as `error`, text unchanged."""

    def wrap(function: Callable) -> Callable:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except SiteBuilderError as exc:
                raise error(str(exc)) from exc

        return call

    return {name: wrap(function) for name, function in functions.items()}


def shown(value: Any) -> str:
    """The value as an error message shows it: on one line, at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
