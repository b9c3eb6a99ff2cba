# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one stack takes from the stacks that it depends on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError


def stack_inputs(
    stack: str,
    stacks: Mapping[str, Any],
    states: Mapping[str, Any],
    outputs: Mapping[str, Mapping[str, Any]],
    predicted: Mapping[str, Mapping[str, Any]],
    in_run: Collection[str],
) -> dict[str, Any]:
    """Return the variables that `stack` takes from upstream, by the name of the upstream output.

    stacks: {name: {depends_on, output}}; states: {name: {deployed, outputs}} as environment_info read them; outputs: what
    the stacks of this run have output so far, by stack; predicted: what each stack will output by its definition; in_run:
    the stacks of this run. In this order: what the upstream stack output in this run; where it takes part in this run, what
    it will output; what its state says; where it is not deployed, what it would output. Raises SiteBuilderError with a
    sentence for each input that none of them has.
    """
    inputs: dict[str, Any] = {}
    problems = []
    for upstream in stacks[stack]["depends_on"]:
        output = stacks[upstream]["output"]
        if upstream in outputs:
            source = outputs[upstream]
        elif upstream not in in_run and states[upstream]["deployed"]:
            source = states[upstream]["outputs"]
        else:
            source = predicted.get(upstream, {})
        if output in source:
            inputs[output] = source[output]
        else:
            problems.append(
                f"stack {stack} needs the output {output!r} of {upstream}, whose state has none; deploy {upstream} again"
            )
    if problems:
        raise SiteBuilderError(*problems)
    return inputs
