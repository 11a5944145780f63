"""Plans side by side: what several small requests at once are made with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._effects import Cancel, Group, Join, Plan, Spawn


def together(plans: list[Plan[Any]], limit: int, brief: bool = False) -> Plan[list[Any]]:
    """Run plans side by side, `limit` at most; their results in order.

    `brief` says that their answers are short, so that one thread can wait for all of them.

    Each thread or task takes one plan after another: to start one for each plan costs more than a
    small request.
    """
    if len(plans) == 1:
        return [(yield from plans[0])]
    results: list[Any] = [None] * len(plans)
    group = Group(max(min(limit, len(plans)), 1), brief)
    todo = enumerate(plans)  # whose next() no two threads are in at once
    try:
        for _ in range(group.limit):
            yield Spawn(group, _take_turns(todo, results, group))
        yield Join(group)
    except GeneratorExit:
        raise
    except BaseException:
        yield Cancel(group)
        raise
    return results


def _take_turns(
    todo: Iterator[tuple[int, Plan[Any]]], results: list[Any], group: Group
) -> Plan[None]:
    """Run one plan after another until there is none, or one of the group has failed."""
    for index, plan in todo:
        if group.failure is not None:
            return
        results[index] = yield from plan
