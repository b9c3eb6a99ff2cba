# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order of stacks, from what each declares in ``depends_on``."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError, shown
from ansible_collections.bbws.site_builder.plugins.module_utils.names import mapping, one_of


def waves(stacks: Mapping[str, Any]) -> list[list[str]]:
    """Group stacks into waves: each depends on earlier waves only, and comes as early as it can.

    stacks: name to ``{depends_on: [names]}`` (other entries are ignored) or to ``[names]``. Names
    are sorted within a wave. Destroy in the reverse order.
    Raises SiteBuilderError for an unknown dependency, one on itself or given twice, and a cycle.
    """
    sorter = TopologicalSorter(_graph(stacks))
    try:
        sorter.prepare()
    except CycleError as exc:
        raise SiteBuilderError(_cycle(exc.args[1])) from exc
    result = []
    while sorter.is_active():
        wave = sorted(sorter.get_ready())
        sorter.done(*wave)
        result.append(wave)
    return result


def _graph(stacks: Any) -> dict[str, list[str]]:
    graph = {name: _depends_on(name, value) for name, value in mapping(stacks, "stacks").items()}
    for name, needs in graph.items():
        for position, need in enumerate(needs):
            if need == name:
                raise SiteBuilderError(f"stack {name!r} depends on itself; remove that entry")
            if need in needs[:position]:
                raise SiteBuilderError(f"stack {name!r} depends on {shown(need)} twice; remove one of them")
            one_of(need, graph, f"dependency of stack {name!r},")
    return graph


def _depends_on(name: str, value: Any) -> list[str]:
    if not name.strip():
        raise SiteBuilderError(f"stack name {shown(name)} is empty; give the stack a name")
    if isinstance(value, Mapping):
        if "depends_on" not in value:
            raise SiteBuilderError(f"stack {name!r} {shown(value)} lacks depends_on; add 'depends_on: []' or a list")
        value = value["depends_on"]
    if not isinstance(value, list):
        raise SiteBuilderError(
            f"depends_on of stack {name!r} is {shown(value)}, which is no list; put names in brackets"
        )
    return value


def _cycle(path: list[str]) -> str:
    """The message for a cycle that graphlib reports dependency first, told from its lowest name."""
    names = path[:0:-1]
    start = names.index(min(names))
    ring = [*names[start:], *names[:start], names[start]]
    return f"stacks depend on each other: {' -> '.join(ring)}; remove one of these dependencies"
