"""Presentations of PowerPoint, by python-pptx: a part for each slide, with its tables and notes."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pptx import Presentation
from pptx.oxml.ns import qn
from pptx.oxml.xmlchemy import BaseOxmlElement
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.slide import Slide

from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import Enough, gather, one_line
from bot.documents.limits import Limits
from bot.domain.media import Part

_CHART, _TITLE, _VALUE = qn("c:chart"), qn("c:title"), qn("c:v")


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    return DocumentFound(gather(_slides(Presentation(str(path)).slides, limits), limits), form.media_type)


def _slides(slides: Iterable[Slide], limits: Limits) -> Iterator[Part]:
    for number, slide in enumerate(slides, start=1):
        if number > limits.pages:
            raise Enough
        yield Part("slide", number, text="\n".join(_lines(slide)))


def _lines(slide: Slide) -> Iterator[str]:
    title = slide.shapes.title
    if title is not None:
        yield f"# {one_line(title.text_frame.text)}"
    for shape in slide.shapes:
        if title is None or shape.shape_id != title.shape_id:
            yield from _of_shape(shape)
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None and notes.text.strip():
        yield f"Notes: {notes.text}"


def _of_shape(shape: BaseShape) -> Iterator[str]:
    if isinstance(shape, GroupShape):
        for inner in shape.shapes:
            yield from _of_shape(inner)
    elif isinstance(shape, GraphicFrame) and shape.has_table:
        for row in shape.table.rows:
            yield " | ".join(one_line(cell.text) for cell in row.cells)
    elif isinstance(shape, GraphicFrame) and shape.has_chart:
        yield from _of_chart(shape.chart.element)
    elif isinstance(shape, Shape):
        yield shape.text_frame.text


def _of_chart(chart: BaseOxmlElement) -> Iterator[str]:
    """What a chart shows, as it was kept when it was last drawn: its title, and for each series its points."""
    if title := one_line("".join(text.text or "" for text in chart.iterfind(f"{_CHART}/{_TITLE}//{qn('a:t')}"))):
        yield title
    for series in chart.iter(qn("c:ser")):
        names = (value.text or "" for value in series.iterfind(f"{qn('c:tx')}//{_VALUE}"))
        across, along = (_points(series, *tags) for tags in (("c:cat", "c:xVal"), ("c:val", "c:yVal")))
        points = (f"{across[at]}: {value}" if at in across else value for at, value in along.items())
        yield one_line(f"{' '.join(names)} | {' | '.join(points)}")


def _points(series: BaseOxmlElement, *tags: str) -> dict[str, str]:
    """The values by their index."""
    points = (point for tag in tags for point in series.iterfind(f"{qn(tag)}//{qn('c:pt')}"))
    return {point.get("idx", ""): point.findtext(_VALUE, "") for point in points}
