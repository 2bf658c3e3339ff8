"""Which shift comes next: branches of those that reached something new, before fresh seeds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from sim.explore.deal import deal
from sim.explore.plan import Plan


class Order:
    """Plans in their order, each branch as soon as what it branches from has been told.

    There are never more branches than fresh plans begun: what is new gets at most half of the
    time.  The order depends on what was told and when, not on how many processes run.
    """

    def __init__(self, fresh: Iterable[Plan], follow: int) -> None:
        self._fresh = iter(fresh)
        self._follow = follow
        self._branches: deque[Plan] = deque()
        self._ahead = 0

    def __iter__(self) -> Iterator[Plan]:
        return self

    def __next__(self) -> Plan:
        if self._branches and self._ahead > 0:
            self._ahead -= 1
            return self._branches.popleft()
        plan = next(self._fresh)
        self._ahead += 1
        return plan

    def reached_new(self, plan: Plan) -> None:
        """Say that a shift has reached what none before it has; its branches come next."""
        for number in range(1, self._follow + 1):
            self._branches.append(deal(plan.seed, (*plan.branch, number)))
