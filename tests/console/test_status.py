"""One word for what a specialist is doing, and three steps of confidence."""

import pytest

from bot.domain.status import Activity, Level, Status, level_of, status_of
from bot.domain.thread import TurnState


@pytest.mark.parametrize(
    ("confidence", "level"),
    [
        (1.0, Level.HIGH),
        (0.81, Level.HIGH),
        (0.8, Level.MEDIUM),
        (0.51, Level.MEDIUM),
        (0.5, Level.LOW),
        (0.0, Level.LOW),
    ],
)
def test_confidence_has_three_steps(confidence: float, level: Level) -> None:
    assert level_of(confidence) is level


def test_a_specialist_that_cannot_tell_has_no_level() -> None:
    assert level_of(None) is None


@pytest.mark.parametrize(
    ("activity", "status"),
    [
        (Activity(), Status.IDLE),
        (Activity(TurnState.QUEUED), Status.ACTIVE),
        (Activity(TurnState.RUNNING), Status.ACTIVE),
        (Activity(TurnState.RUNNING, uses_tool=True), Status.MONITORING),
        (Activity(TurnState.REQUIRES_ACTION), Status.REVIEWING),
        (Activity(TurnState.COMPLETED, confidence=0.9), Status.CONFIDENT),
        (Activity(TurnState.COMPLETED, confidence=0.7), Status.IDLE),
        (Activity(TurnState.COMPLETED, confidence=0.5), Status.UNCERTAIN),
        (Activity(TurnState.COMPLETED), Status.IDLE),
        (Activity(TurnState.STOPPED, confidence=0.9), Status.PAUSED),
        (Activity(TurnState.FAILED), Status.PAUSED),
        (Activity(TurnState.COMPLETED, confidence=0.9, is_escalated=True), Status.ESCALATED),
        (Activity(TurnState.RUNNING, is_escalated=True), Status.ACTIVE),
        (Activity(is_indexing=True), Status.LEARNING),
        (Activity(TurnState.RUNNING, is_indexing=True), Status.ACTIVE),
        (Activity(is_draft=True), Status.TRAINING),
    ],
)
def test_what_goes_on_comes_before_what_was_said_last(activity: Activity, status: Status) -> None:
    assert status_of(activity) is status


def test_every_status_can_be_reached() -> None:
    reached = {
        status_of(Activity(turn, tool, confidence, escalated, indexing, draft))
        for turn in (None, *TurnState)
        for confidence in (None, 0.1, 0.9)
        for tool in (False, True)
        for escalated in (False, True)
        for indexing in (False, True)
        for draft in (False, True)
    }
    assert reached == set(Status)
