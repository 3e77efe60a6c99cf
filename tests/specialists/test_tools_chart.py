"""`make_chart`: a picture for every kind, and a reason where none can be drawn."""

import random
import struct
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialists.tools.charts import MOST_BYTES, Chart, Kind, Line, drawn
from storage.store import Store
from tests.fakes.clock import ManualClock
from tests.specialists.tooling import Stage

PNG = b"\x89PNG\r\n\x1a\n"
MONTHS = ["янв", "фев", "мар"]


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def stage(store: Store) -> AsyncIterator[Stage]:
    stage = Stage(store, ManualClock())
    yield stage
    await stage.toolbox.close()


def size(png: bytes) -> tuple[int, int]:
    """Width and height in dots."""
    assert png.startswith(PNG)
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize(
    "arguments",
    [
        {"kind": "line", "series": [{"name": "Выручка", "values": [1, 3, 2]}], "labels": MONTHS},
        {"kind": "line", "series": [{"values": [1, 3], "x": [0.5, 9]}]},
        {"kind": "bar", "series": [{"name": "A", "values": [1, -3, 2]}, {"values": [2, 2, 2]}], "labels": MONTHS},
        {"kind": "bar", "series": [{"values": [5]}]},
        {"kind": "pie", "series": [{"values": [1, 0, 2]}], "labels": MONTHS},
        {"kind": "scatter", "series": [{"name": "p", "values": [1, 3], "x": [2, 2]}, {"values": [1], "x": [1]}]},
        {"kind": "histogram", "series": [{"name": "ages", "values": [1, 1, 1]}, {"values": [4, 5]}]},
    ],
)
async def test_a_chart_is_shown_below_the_reply(stage: Stage, arguments: dict[str, object]) -> None:
    part = await stage.answer("make_chart", {"title": "Продажи", "y_title": "тыс. ₽", **arguments})
    assert part.outcome == "success", part.content
    (file,) = stage.signals.take_attachments()
    assert (file.name, file.media_type) == ("chart.png", "image/png")
    assert size(file.content) == (880, 550)
    assert stage.signals.attachments == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"kind": "radar", "series": [{"values": [1]}]}, "kind: Input should be 'line'"),
        ({"kind": "line", "series": []}, "series: List should have at least 1 item"),
        ({"kind": "line", "series": [{"values": []}]}, "series.0.values: List should have at least 1 item"),
        ({"kind": "line", "series": [{"values": [1, "lots"]}]}, "series.0.values.1: Input should be a valid number"),
        ({"kind": "line", "series": [{"values": [1e300]}]}, "less than or equal to 1000000000000000"),
        ('{"title": "t", "kind": "line", "series": [{"values": [NaN]}]}', "series.0.values.0"),
        ({"kind": "line", "series": [{"values": [1, 2], "x": [1]}]}, "has 2 values but 1 places in x"),
        ({"kind": "line", "series": [{"values": [1, 2]}], "labels": ["a"]}, "2 values but 1 labels"),
        ({"kind": "line", "series": [{"values": [1], "x": [1]}], "labels": ["a"]}, "either labels or x"),
        ({"kind": "bar", "series": [{"values": [1]}, {"values": [1, 2]}]}, "the same number of values"),
        ({"kind": "bar", "series": [{"values": [1] * 61}]}, "at most 60"),
        ({"kind": "pie", "series": [{"values": [1, 2]}]}, "a label for each"),
        ({"kind": "pie", "series": [{"values": [1, -2]}], "labels": ["a", "b"]}, "not negative"),
        ({"kind": "pie", "series": [{"values": [0, 0]}], "labels": ["a", "b"]}, "do not all vanish"),
        ({"kind": "scatter", "series": [{"values": [1]}]}, "needs x"),
        ({"kind": "histogram", "series": [{"values": [1]}], "labels": ["a"]}, "has no labels"),
        ({"kind": "line", "series": [{"values": [1] * 1_001}]}, "at most 1000 items"),
        ({"kind": "line", "series": [{"values": [1] * 1_000}] * 5}, "at most 4000 in all series"),
    ],
)
async def test_what_cannot_be_drawn_is_told(stage: Stage, arguments: object, reason: str) -> None:
    whole = {"title": "t", **arguments} if isinstance(arguments, dict) else arguments
    part = await stage.answer("make_chart", whole)
    assert part.outcome == "failed"
    assert reason in str(part.content)
    assert stage.signals.attachments == []


def test_words_of_the_user_are_neither_formulas_nor_hidden() -> None:
    hostile = r"_$\frac{1}{$ 中文 😀 {0} %s \n $5 и $6" + "\n\x00\t"
    chart = Chart("bar", (Line(hostile, (1, 2)),), (hostile, "$x$"), hostile * 9, hostile, hostile)
    assert size(drawn(chart)) == (880, 550)


def test_the_fullest_chart_stays_small_enough_to_send() -> None:
    dice = random.Random(7)
    cloud = tuple(dice.random() for _ in range(500))
    series = tuple(Line(f"cloud {number}", cloud, tuple(dice.random() for _ in cloud)) for number in range(8))
    assert len(drawn(Chart("scatter", series, title="Облака"))) <= MOST_BYTES


def test_the_same_numbers_give_the_same_picture() -> None:
    chart = Chart("line", (Line("a", (1, 2, 3)),), title="Same")
    assert drawn(chart) == drawn(chart)


VALUES = st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=12).map(tuple)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["line", "bar", "histogram", "scatter"]), VALUES, st.text(max_size=30))
def test_any_numbers_and_any_words_can_be_drawn(kind: Kind, values: tuple[float, ...], words: str) -> None:
    x = values[::-1] if kind == "scatter" else ()
    assert size(drawn(Chart(kind, (Line(words, values, x),), (), words, words, words)))
