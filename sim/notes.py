"""What a judge has found: each violation once, as it begins."""

from __future__ import annotations

from sim.finding import FINDINGS_MAX, Finding


class Notes:
    """The findings of one run in the order in which they came; ``now_us`` is the scan looked at."""

    def __init__(self) -> None:
        self.now_us = 0
        self.findings: list[Finding] = []
        self.standing: set[str] = set()

    def once(self, check: str, violated: bool, seen: str) -> None:
        """Note something that is one moment's."""
        if violated:
            self.add(Finding(check=check, at_us=self.now_us, seen=seen))

    def hold(self, key: str, violated: bool, seen: str = "") -> None:
        """Note a violation once, when it begins; ``key`` begins with the check's name."""
        if not violated:
            self.standing.discard(key)
        elif key not in self.standing:
            self.standing.add(key)
            self.add(Finding(check=key.split(maxsplit=1)[0], at_us=self.now_us, seen=seen))

    def add(self, finding: Finding) -> None:
        """Keep a finding that is not kept yet."""
        if len(self.findings) < FINDINGS_MAX and finding not in self.findings:
            self.findings.append(finding)
