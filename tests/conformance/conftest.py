"""Who takes part: one line for each kind of place of each messenger."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.slack.emulator import Limits as SlackLimits
from tests.conformance.slack import Slack, in_a_channel, in_a_direct_thread, in_direct_messages
from tests.conformance.telegram import Telegram, in_a_group, in_a_topic, in_private
from tests.conformance.venue import Enrolment, Inbox, Venue, World
from tests.conformance.web import Web
from tests.fakes.clock import ManualClock
from tests.stories.conftest import first_database
from tests.stories.stage import Stage, set_stage

__all__ = ["first_database"]

ENROLLED: tuple[Enrolment, ...] = (
    Telegram("telegram-private", in_private),
    Telegram("telegram-group", in_a_group),
    Telegram("telegram-topic", in_a_topic),
    Slack("slack-private", in_direct_messages),
    Slack("slack-private-thread", in_a_direct_thread),
    Slack("slack-channel", in_a_channel),
    Web("web"),
)


@pytest.fixture(scope="module", params=ENROLLED, ids=lambda enrolment: str(enrolment.name))
def enrolled(request: pytest.FixtureRequest) -> Enrolment:
    enrolment: Enrolment = request.param
    return enrolment


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def inbox(clock: ManualClock) -> Inbox:
    return Inbox(clock)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(enrolled: Enrolment, inbox: Inbox, clock: ManualClock) -> AsyncIterator[World]:
    """The messenger by itself, one for all tests of a module; each test has a place of its own."""
    async with enrolled.alone(inbox.take, clock) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def venue(world: World) -> AsyncIterator[Venue]:
    async with world.venue() as venue:
        yield venue


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(first_database: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The whole platform with every messenger, one for all tests of a module."""
    path = shutil.copy(first_database, tmp_path_factory.mktemp("conformance") / "story.db")
    async with set_stage(f"sqlite:///{path}", slack_limits=SlackLimits.none()) as stage, stage.process():
        yield stage


@pytest.fixture
def stage(platform: Stage) -> Stage:
    """The platform, where the specialist remembers no earlier test."""
    platform.engine.replies.clear()
    return platform


@pytest_asyncio.fixture(loop_scope="module")
async def person(stage: Stage, enrolled: Enrolment) -> AsyncIterator[Venue]:
    """Somebody new, who talks to the whole platform."""
    async with enrolled.staged(stage) as venue:
        yield venue
