"""The shipped team is found as often as docs/benchmarks.md says; `python -m bench routing` prints the figures."""

from collections import Counter

import pytest

from bench.labelled import OUT_OF_SCOPE, Labelled, Outcome, accuracy, handoffs, route, stays_recall, utterances
from bench.routing import TEAM, run
from bot.domain.specialist import Specialist
from specialists.registry import DEFAULT, Registry
from storage.stems import Stemmer

SLACK = 0.02
"""A file may be reworded without this test being touched; more than that should be looked at."""
PARTS = ("tuning", "unseen")


@pytest.fixture(scope="module")
def team() -> tuple[Specialist, ...]:
    return Registry.load(TEAM).all()


@pytest.fixture(scope="module")
def everything() -> list[Labelled]:
    return [one for part in PARTS for one in utterances(part)]


@pytest.fixture
async def unseen(team: tuple[Specialist, ...]) -> list[Outcome]:
    return await route(team, utterances("unseen"))


def test_there_is_enough_of_everything(everything: list[Labelled], team: tuple[Specialist, ...]) -> None:
    assert len(everything) >= 300
    languages = Counter(one.language for one in everything)
    assert languages["en"] == languages["ru"]
    assert sum(one.right == {DEFAULT} for one in everything) >= 80
    labels = Counter(name for one in everything for name in one.right)
    assert labels.keys() == {one.name for one in team}
    assert min(labels.values()) >= 40
    assert any(len(one.right) == 2 for one in everything)


def test_no_utterance_is_there_twice(everything: list[Labelled]) -> None:
    twice = [text for text, count in Counter((one.language, one.text) for one in everything).items() if count > 1]
    assert twice == []


def test_nothing_was_copied_from_the_files_or_into_them(
    everything: list[Labelled], team: tuple[Specialist, ...]
) -> None:
    stemmer = Stemmer()
    written = {
        frozenset(stemmer.stems(line))
        for one in team
        for line in (*one.examples, *one.starters, *(line for words in one.translations for line in words.starters))
    }
    copied = [one.text for one in everything if frozenset(stemmer.stems(one.text)) in written - {frozenset()}]
    assert copied == []


async def test_the_words_alone_find_the_right_one_as_often_as_measured(unseen: list[Outcome]) -> None:
    assert accuracy(unseen) >= 0.748 - SLACK


async def test_what_is_nobodys_work_stays_as_often_as_measured(unseen: list[Outcome]) -> None:
    assert stays_recall(unseen) >= 0.903 - SLACK
    assert stays_recall(one for one in unseen if one.said.kind == OUT_OF_SCOPE) >= 0.857 - SLACK


async def test_hand_offs_are_as_good_as_measured(unseen: list[Outcome]) -> None:
    precision, recall, f1 = handoffs(unseen)
    assert precision >= 0.836 - SLACK
    assert recall >= 0.681 - SLACK
    assert f1 >= 0.750 - SLACK


async def test_neither_language_is_neglected(unseen: list[Outcome]) -> None:
    for language in ("en", "ru"):
        assert accuracy(one for one in unseen if one.said.language == language) >= 0.738 - SLACK


async def test_the_bench_tells_of_every_specialist_and_of_cost(
    team: tuple[Specialist, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_MODEL", "nobody:nothing")
    page = (await run()).markdown()
    assert all(f"right, for the {one.name} alone" in page for one in team)
    assert "not known for nobody:nothing" in page
    monkeypatch.delenv("BENCH_MODEL")
    assert "set BENCH_MODEL" in (await run()).markdown()
