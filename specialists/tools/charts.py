"""A chart as a PNG, drawn without any state that two charts could share."""

import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

Kind = Literal["line", "bar", "pie", "scatter", "histogram"]

MOST_BYTES = 200_000
_INCHES = (8.0, 5.0)
_DOTS_PER_INCH = (110, 80, 60, 45)
_FONT = "DejaVu Sans"
"""Comes with matplotlib and has Latin, Cyrillic and Greek."""
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#7f7f7f", "#b8a800", "#b39ddb",
            "#8c564b", "#17807e", "#bcbd22")  # fmt: skip
_TITLE_LINE_CHARS = 64
_MOST_TICKS = 12
_SHORT_CHARS = 24
_MOST_BINS = 40
_MARKED_POINTS = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One series: `values` over `x`, over the labels, or over 1, 2, 3, …"""

    name: str
    values: tuple[float, ...]
    x: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    kind: Kind
    series: tuple[Line, ...]
    labels: tuple[str, ...] = ()
    title: str = ""
    x_title: str = ""
    y_title: str = ""


def drawn(chart: Chart) -> bytes:
    """The PNG, at most `MOST_BYTES` long. Takes some tenths of a second."""
    figure = Figure(figsize=_INCHES, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    match chart.kind:
        case "line":
            _lines(axes, chart)
        case "bar":
            _bars(axes, chart)
        case "pie":
            _pie(axes, chart)
        case "scatter":
            _points(axes, chart)
        case "histogram":
            _histogram(axes, chart)
    _caption(axes, chart)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    content = b""
    for dots in _DOTS_PER_INCH:
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=dots, metadata={"Software": None})
        content = file.getvalue()
        if len(content) <= MOST_BYTES:
            break
    return content


def _lines(axes: Axes, chart: Chart) -> None:
    for number, line in enumerate(chart.series):
        x = line.x or tuple(range(1, len(line.values) + 1))
        marker = "o" if len(x) <= _MARKED_POINTS else None
        axes.plot(x, line.values, color=_COLOURS[number], marker=marker, markersize=4, linewidth=1.8)
    if chart.labels:
        _label_ticks(axes, chart.labels, 1)


def _bars(axes: Axes, chart: Chart) -> None:
    width = 0.8 / len(chart.series)
    for number, line in enumerate(chart.series):
        shift = (number - (len(chart.series) - 1) / 2) * width
        places = [place + shift for place in range(len(line.values))]
        axes.bar(places, line.values, width, color=_COLOURS[number])
    _label_ticks(axes, chart.labels or tuple(str(number + 1) for number in range(len(chart.series[0].values))), 0)


def _points(axes: Axes, chart: Chart) -> None:
    for number, line in enumerate(chart.series):
        axes.scatter(line.x, line.values, s=18, color=_COLOURS[number], alpha=0.8, linewidths=0)


def _histogram(axes: Axes, chart: Chart) -> None:
    values = [line.values for line in chart.series]
    bins = min(_MOST_BINS, max(5, math.isqrt(max(len(line) for line in values)) + 1))
    axes.hist(values, bins=bins, color=list(_COLOURS[: len(values)]))


def _pie(axes: Axes, chart: Chart) -> None:
    values = chart.series[0].values
    names = [_text(label, _SHORT_CHARS) for label in chart.labels]
    axes.pie(values, labels=names, colors=list(_COLOURS[: len(values)]), autopct="%.1f%%", startangle=90,
             counterclock=False, wedgeprops={"edgecolor": "white"})  # fmt: skip
    axes.set_aspect("equal")


def _label_ticks(axes: Axes, labels: Sequence[str], first: int) -> None:
    """A label under each place, and where there are many, under every second, third, …"""
    step = math.ceil(len(labels) / _MOST_TICKS)
    shown = [_text(label, _SHORT_CHARS) for label in labels[::step]]
    crowded = sum(map(len, shown)) > 60
    places = range(first, first + len(labels), step)
    axes.set_xticks(places, shown, rotation=35 if crowded else 0, ha="right" if crowded else "center")


def _caption(axes: Axes, chart: Chart) -> None:
    title = textwrap.fill(_text(chart.title, 160), _TITLE_LINE_CHARS)
    if title:
        axes.set_title(title, fontsize=13)
    if chart.kind == "pie":
        return
    axes.set_xlabel(_text(chart.x_title, 80))
    axes.set_ylabel(_text(chart.y_title, 80))
    axes.grid(axis="both" if chart.kind == "scatter" else "y", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    names = [_text(line.name, _SHORT_CHARS) or str(number) for number, line in enumerate(chart.series, 1)]
    if len(chart.series) > 1 or chart.series[0].name:
        handles = [*axes.lines] if chart.kind == "line" else [*(axes.containers or axes.collections)]
        axes.legend(handles, names, frameon=False)


def _text(text: str, most_chars: int) -> str:
    """What the font can show of it, in one line, with nothing that would be read as a formula or hidden."""
    font = get_font(findfont(FontProperties(family=_FONT)))
    shown = "".join(char if char.isspace() or font.get_char_index(ord(char)) else "" for char in text)
    line = " ".join(shown.split()).lstrip("_")
    short = line if len(line) <= most_chars else f"{line[: most_chars - 1].rstrip()}…"
    return short.replace("$", r"\$")
