"""Printing results and writing them to a file, with the bound that each was held against."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure.

    Parameters
    ----------
    name, value, unit
        What, how much, in what; a ratio has the unit ``x``.
    at_least, at_most
        The bound it is held against, if any.
    """

    name: str
    value: float
    unit: str = "x"
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the figure is within its bound."""
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)

    def __str__(self) -> str:
        bound = f"  (≥ {self.at_least:g})" if self.at_least is not None else ""
        bound += f"  (≤ {self.at_most:g})" if self.at_most is not None else ""
        return f"{'  ' if self.holds else '✗ '}{self.name:<62} {self.value:>12,.3f} {self.unit}{bound}"


def record(benchmark: str, figures: list[Figure]) -> None:
    """Print the figures and write them to ``results/<benchmark>.json``; exit 1 when a bound is not held."""
    print(f"{benchmark} · Python {platform.python_version()} · {platform.machine()}")
    for figure in figures:
        print(figure)
    RESULTS.mkdir(exist_ok=True)
    content = json.dumps([asdict(figure) | {"holds": figure.holds} for figure in figures], indent=1)
    (RESULTS / f"{benchmark}.json").write_text(content + "\n", encoding="utf-8")
    if not all(figure.holds for figure in figures):
        sys.exit(1)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
