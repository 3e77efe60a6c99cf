"""What a bench hands back: figures against the budgets, a table of its own, and the page that holds them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure and the most that its budget allows."""

    budget: str
    where: str
    """What exactly was measured: database, messenger, percentile."""
    measured: float
    bearing: float
    unit: str

    def row(self) -> tuple[str, ...]:
        ratio = self.measured / self.bearing
        verdict = "" if ratio <= 1 else " **over**"
        return (
            self.budget,
            self.where,
            f"{self.bearing:g} {self.unit}",
            f"{number(self.measured)} {self.unit}",
            f"{ratio:.2f}{verdict}",
        )


@dataclass(frozen=True, slots=True)
class Section:
    """The result of one bench."""

    title: str
    about: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    measures: Sequence[Measure] = ()

    def markdown(self) -> str:
        return f"## {self.title}\n\n{self.about}\n\n{table(self.columns, self.rows)}\n"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """`value` with three digits that mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percentile(values: Sequence[float], percent: int) -> float:
    """The `percent`th percentile; NaN when there is nothing to tell it from."""
    if len(values) < 2:
        return values[0] if values else float("nan")
    return quantiles(sorted(values), n=100, method="inclusive")[percent - 1]
