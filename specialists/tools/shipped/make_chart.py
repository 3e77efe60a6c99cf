"""`make_chart`: numbers as a picture below the reply."""

from typing import Annotated

from pydantic import Field

from bot.domain.errors import Refused
from bot.domain.messenger import File
from specialists.tools.call import Call
from specialists.tools.charts import Chart, Kind, Line, drawn
from specialists.tools.tool import Arguments, Result, tool

_MOST_SERIES = 8
_MOST_VALUES = 1_000
_MOST_POINTS = 4_000
_MOST_BARS = 60
_MOST_SLICES = 12
_LARGEST = 1e15

_Value = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST, allow_inf_nan=False)]
_Values = Annotated[list[_Value], Field(max_length=_MOST_VALUES)]
_Label = Annotated[str, Field(max_length=120)]


class Series(Arguments):
    """One line, one colour of bars, one cloud of points."""

    name: Annotated[str, Field(description="For the legend.", max_length=60)] = ""
    values: Annotated[list[_Value], Field(min_length=1, max_length=_MOST_VALUES)]
    x: Annotated[_Values, Field(description="Where each value lies, for `line` and `scatter`.", default_factory=list)]


_LABELS = "What stands under each bar, slice or point of a line, in order; for `bar` and `pie` one for each value."


@tool(timeout_seconds=20)
async def make_chart(
    call: Call,
    kind: Annotated[Kind, Field(description="`histogram` counts the values itself.")],
    series: Annotated[list[Series], Field(min_length=1, max_length=_MOST_SERIES)],
    title: Annotated[str, Field(max_length=160)],
    labels: Annotated[list[_Label], Field(description=_LABELS, max_length=_MOST_VALUES)] = [],  # noqa: B006
    x_title: Annotated[str, Field(max_length=80)] = "",
    y_title: Annotated[str, Field(description="With the unit.", max_length=80)] = "",
) -> Result:
    """Draw a chart and show it below your reply. Use it when numbers are easier to grasp as a picture.

    All words in the user's language. Only real numbers: from the user, a file or a tool.
    """
    chart = Chart(
        kind=kind,
        series=tuple(Line(one.name, tuple(one.values), tuple(one.x)) for one in series),
        labels=tuple(labels),
        title=title,
        x_title=x_title,
        y_title=y_title,
    )
    _check(chart)
    content = await call.aside(lambda: drawn(chart))
    call.signals.attachments.append(File("chart.png", content, "image/png"))
    return {"shown": "The user sees the chart below your reply. Say in a sentence what it tells; do not embed it."}


def _check(chart: Chart) -> None:
    """Refused, in words for a model, when the parts do not fit together."""
    if sum(len(line.values) for line in chart.series) > _MOST_POINTS:
        raise Refused(f"That are too many values: at most {_MOST_POINTS} in all series together.")
    for line in chart.series:
        if line.x and len(line.x) != len(line.values):
            raise Refused(f"The series {line.name!r} has {len(line.values)} values but {len(line.x)} places in x.")
    match chart.kind:
        case "line":
            _check_line(chart)
        case "bar":
            _check_bar(chart)
        case "pie":
            _check_pie(chart)
        case "scatter":
            if not all(line.x for line in chart.series):
                raise Refused("A scatter chart needs x for each series.")
        case "histogram":
            if chart.labels:
                raise Refused("A histogram counts the values itself and has no labels.")


def _check_line(chart: Chart) -> None:
    if not chart.labels:
        return
    if any(line.x for line in chart.series):
        raise Refused("Give either labels or x.")
    longest = max(len(line.values) for line in chart.series)
    if len(chart.labels) != longest:
        raise Refused(f"There are {longest} values but {len(chart.labels)} labels.")


def _check_bar(chart: Chart) -> None:
    lengths = {len(line.values) for line in chart.series}
    if len(lengths) > 1 or max(lengths) > _MOST_BARS:
        raise Refused(f"All series of a bar chart have the same number of values, at most {_MOST_BARS}.")
    if chart.labels and len(chart.labels) != max(lengths):
        raise Refused(f"There are {max(lengths)} values but {len(chart.labels)} labels.")


def _check_pie(chart: Chart) -> None:
    values = chart.series[0].values
    if len(chart.series) > 1 or len(values) > _MOST_SLICES or len(chart.labels) != len(values):
        raise Refused(f"A pie has one series of at most {_MOST_SLICES} values, and a label for each.")
    if min(values) < 0 or sum(values) <= 0:
        raise Refused("The slices of a pie are not negative and do not all vanish.")
