"""Providers that fail: what the user reads, who is asked next, and what is never asked again."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.errors import ApiFailed, AuthFailed, ContextTooLong, NetworkFailed, RateLimited, TimedOut
from bot.domain.reply import Asked, Utterance
from specialists.emulator import Complain, Cut, End, Garbage, Refuse, Say, Stall, Think, Used
from specialists.instructions import going_on
from specialists.listening import Timeouts
from specialists.scripted import Say as ScriptedSay
from specialists.scripted import ScriptedEngine
from tests.fakes.clock import ManualClock
from tests.specialists.minds import CHAT, CLAUDE, RESPONSES, WIRES, Stage, a_stage, prompt, with_hints

OTHERS = {CHAT: CLAUDE, RESPONSES: CLAUDE, CLAUDE: CHAT}
BROKEN_EVENT = Garbage(b"event: content_block_delta\ndata: {oops\n\n")
LONG = "The first sentence is here. The second sentence goes on and on until its end."
PART = "The first sentence is here. The second sent"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(ManualClock()) as made:
        yield made


def spoken(text: str) -> Say:
    """Text that has arrived before anything else happens."""
    return Say(text, pause_seconds=0.01)


def script(stage: Stage, wire: str, *steps: object) -> None:
    machine = stage.second if wire == CLAUDE else stage.first
    machine.then(*steps)  # type: ignore[arg-type]


def requests(stage: Stage, wire: str) -> int:
    return len((stage.second if wire == CLAUDE else stage.first).asked)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_passing_failure_is_tried_again(stage: Stage, wire: str, status: int) -> None:
    script(stage, wire, Refuse(status))
    script(stage, wire, Say("Here I am."))
    told = await stage.hear(prompt(), wire)
    assert told.text == "Here I am."
    assert requests(stage, wire) == 2
    assert len(told.of(Asked)) == 1
    assert len(told.usages) == 1


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(("status", "code"), [(401, ""), (403, ""), (429, "insufficient_quota"), (400, ""), (404, "")])
async def test_what_a_second_try_cannot_mend_goes_to_the_next_model_at_once(
    stage: Stage, wire: str, status: int, code: str
) -> None:
    script(stage, wire, Refuse(status, code))
    script(stage, OTHERS[wire], Say("I take over."))
    told = await stage.hear(prompt(), wire, OTHERS[wire])
    assert told.text == "I take over."
    assert requests(stage, wire) == 1
    assert stage.clock.monotonic() == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_a_short_retry_after_is_obeyed_and_a_long_one_is_not_waited_for(stage: Stage, wire: str) -> None:
    script(stage, wire, Refuse(429, retry_after="12"))
    script(stage, wire, Refuse(429, retry_after="600"))
    script(stage, OTHERS[wire], Say("I take over."))
    told = await stage.hear(prompt(), wire, OTHERS[wire])
    assert told.text == "I take over."
    assert stage.clock.monotonic() == 12


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "fault", [Cut(), Garbage(b"event: content_block_delta\ndata: {oops\n\n"), Complain("overloaded_error"), End("")]
)
async def test_a_provider_that_dies_in_the_middle_is_invisible(stage: Stage, wire: str, fault: object) -> None:
    script(stage, wire, spoken(PART), fault)
    script(stage, OTHERS[wire], Say("The second sentence goes on and on until its end."))
    told = await stage.hear(prompt(), wire, OTHERS[wire])
    assert told.text == LONG
    assert [usage.estimated for usage in told.finished.usages] == [True, False]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("rest", ["ence goes on and on until its end.", LONG])
async def test_the_next_model_may_go_on_plainly_or_start_all_over(stage: Stage, wire: str, rest: str) -> None:
    script(stage, wire, spoken(PART), Cut())
    script(stage, OTHERS[wire], Say(rest, chunk_chars=7))
    told = await stage.hear(prompt(), wire, OTHERS[wire])
    assert told.text == LONG


@pytest.mark.parametrize("wire", WIRES)
async def test_the_one_that_goes_on_reads_what_was_said(stage: Stage, wire: str) -> None:
    script(stage, wire, spoken(PART), Cut())
    script(stage, OTHERS[wire], Say("ence goes on."))
    await stage.hear(prompt("Tell me."), wire, OTHERS[wire])
    (asked,) = (stage.first if wire == CLAUDE else stage.second).asked
    assert asked.messages[:2] == (("user", "Tell me."), ("assistant", PART))
    assert asked.messages[2] == ("user", going_on(PART))


@pytest.mark.parametrize("wire", WIRES)
async def test_a_lone_model_goes_on_itself_once(stage: Stage, wire: str) -> None:
    script(stage, wire, spoken(PART), Cut())
    script(stage, wire, spoken("The second sentence goes on"), Cut())
    told = await stage.hear(prompt(), wire)
    assert told.text == "The first sentence is here. The second sentence goes on"
    assert isinstance(told.failed.error, NetworkFailed)
    assert told.failed.error.detail.startswith(wire)
    (usage,) = told.failed.usages
    assert usage.estimated
    assert usage.output_tokens > 0


@pytest.mark.parametrize("wire", WIRES)
async def test_a_connection_cut_after_the_trailer_was_no_loss(stage: Stage, wire: str) -> None:
    script(stage, wire, spoken("All is said.\n<confidence>0.7</confidence>"), Cut())
    told = await stage.hear(prompt(), wire, OTHERS[wire])
    assert told.text == "All is said."
    assert told.finished.confidence == 0.7
    assert requests(stage, OTHERS[wire]) == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_an_empty_answer_is_asked_for_again(stage: Stage, wire: str) -> None:
    script(stage, wire, End())
    script(stage, wire, Say("Now I speak."))
    told = await stage.hear(prompt(), wire)
    assert told.text == "Now I speak."


@pytest.mark.parametrize("wire", [CHAT, RESPONSES])
async def test_a_service_that_never_says_why_it_ends_is_believed_in_the_end(stage: Stage, wire: str) -> None:
    script(stage, wire, Say("Short answer."), End(""))
    script(stage, wire, Say("Short answer."), End(""))
    told = await stage.hear(prompt(), wire)
    assert told.text == "Short answer."
    assert told.finished.confidence == 0.5
    script(stage, wire, Say("Once more."), End(""))
    told = await stage.hear(prompt(), wire)
    assert told.text == "Once more."
    assert requests(stage, wire) == 3


@pytest.mark.parametrize("wire", WIRES)
async def test_a_model_that_does_not_begin_is_given_up(stage: Stage, wire: str) -> None:
    script(stage, wire, Stall())
    script(stage, OTHERS[wire], Say("I take over."))
    stage.retries = 0
    told = await stage.hear(prompt(), wire, OTHERS[wire])
    assert told.text == "I take over."
    assert stage.clock.monotonic() == 30
    assert [usage.estimated for usage in told.finished.usages] == [True, False]


@pytest.mark.parametrize("wire", WIRES)
async def test_a_model_that_falls_silent_is_given_up(stage: Stage, wire: str) -> None:
    script(stage, wire, Say(PART), Stall())
    script(stage, OTHERS[wire], Say("ence goes on."))
    told = await stage.hear(prompt(), wire, OTHERS[wire])
    assert told.text == "The first sentence is here. The second sentence goes on."
    assert stage.clock.monotonic() == 60
    asked = (stage.second if wire == CLAUDE else stage.first).asked
    await stage.clock.until(lambda: asked[0].closed_early)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_reply_takes_no_longer_than_it_may(stage: Stage, wire: str) -> None:
    stage.timeouts = Timeouts(first_event_seconds=30, reply_seconds=100, stall_seconds=60)
    script(stage, wire, Say("word " * 100, chunk_chars=5, pause_seconds=5))
    told = await stage.hear(prompt(), wire, OTHERS[wire])
    assert isinstance(told.failed.error, TimedOut)
    assert told.text.startswith("word word")
    assert stage.clock.monotonic() == 100
    assert requests(stage, OTHERS[wire]) == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_a_long_conversation_is_halved_once(stage: Stage, wire: str) -> None:
    history = tuple(Utterance(role, f"{role} {n}") for n in range(8) for role in ("user", "assistant"))
    script(stage, wire, Refuse(400, "context_length_exceeded"))
    script(stage, wire, Say("Now it fits."))
    told = await stage.hear(prompt(history=history), wire)
    assert told.text == "Now it fits."
    asked = (stage.second if wire == CLAUDE else stage.first).asked
    assert len(asked[-1].messages) == 9
    assert asked[-1].messages[0] == ("user", "user 4")


@pytest.mark.parametrize("wire", WIRES)
async def test_what_is_too_long_in_any_case_is_said(stage: Stage, wire: str) -> None:
    for _ in range(2):
        script(stage, wire, Refuse(400, "context_length_exceeded"))
    stage.last = ScriptedEngine(stage.clock)
    told = await stage.hear(prompt(history=(Utterance("user", "a"), Utterance("assistant", "b"))), wire)
    assert isinstance(told.failed.error, ContextTooLong)


async def test_a_refused_hint_is_left_out_and_never_given_again(stage: Stage) -> None:
    specialist = with_hints(temperature=0.3)
    stage.first.then(Refuse(400, "unsupported_value", "Unsupported value: 'temperature' does not support 0.3."))
    told = await stage.hear(prompt(specialist=specialist), CHAT)
    assert told.text
    stage.first.then(Say("Again."))
    await stage.hear(prompt(specialist=specialist), CHAT)
    assert ["temperature" in asked.body for asked in stage.first.asked] == [True, False, False]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(401, "", AuthFailed), (429, "", RateLimited), (429, "insufficient_quota", AuthFailed), (500, "", ApiFailed)],
)
async def test_the_error_says_what_it_was_and_leaks_nothing(
    stage: Stage, status: int, code: str, error: type[Exception]
) -> None:
    stage.retries = 0
    stage.first.then(Refuse(status, code, "secret words of the provider sk-first", retry_after="7"))
    told = await stage.hear(prompt(), CHAT)
    assert isinstance(told.failed.error, error)
    assert "secret" not in told.failed.error.detail
    assert "sk-first" not in told.failed.error.detail
    assert str(status) in told.failed.error.detail


async def test_when_everybody_is_down_the_last_engine_answers(stage: Stage) -> None:
    stage.last = ScriptedEngine(stage.clock, lambda _: (ScriptedSay("From the handbook."),))
    for _ in range(3):
        stage.first.then(Refuse(500))
    stage.second.then(Refuse(401))
    told = await stage.hear(prompt(), CHAT, CLAUDE)
    assert told.text == "From the handbook."


async def test_the_last_engine_is_silent_when_something_was_said(stage: Stage) -> None:
    stage.last = ScriptedEngine(stage.clock, lambda _: (ScriptedSay("From the handbook."),))
    stage.first.then(spoken(PART), Cut())
    stage.second.then(Refuse(401))
    told = await stage.hear(prompt(), CHAT, CLAUDE)
    assert told.text == PART
    assert isinstance(told.failed.error, AuthFailed)


async def test_a_model_that_failed_is_spared_for_a_while(stage: Stage) -> None:
    stage.first.then(Refuse(401))
    for _ in range(2):
        stage.second.then(Say("I take over."))
    await stage.hear(prompt(), CHAT, CLAUDE)
    await stage.hear(prompt(), CHAT, CLAUDE)
    assert len(stage.first.asked) == 1
    await stage.clock.advance(31)
    stage.first.then(Say("I am back."))
    told = await stage.hear(prompt(), CHAT, CLAUDE)
    assert told.text == "I am back."


async def test_thinking_alone_is_not_an_answer_and_may_begin_again(stage: Stage) -> None:
    specialist = with_hints(effort="medium")
    stage.second.then(Think("Hm."), Cut())
    stage.second.then(Think("Hm."), Say("Four."))
    told = await stage.hear(prompt(specialist=specialist), CLAUDE)
    assert told.text == "Four."
    assert told.finished.usages[0].estimated


async def test_usage_of_broken_attempts_is_in_the_books(stage: Stage) -> None:
    stage.second.then(Used(1_000, 50), spoken(PART), Cut())
    stage.first.then(Say("ence goes on."), Used(300, 10))
    told = await stage.hear(prompt(), CLAUDE, CHAT)
    broken, whole = told.finished.usages
    assert broken.estimated
    assert broken.output_tokens >= 8
    assert (whole.input_tokens, whole.output_tokens) == (300, 10)


async def test_a_reply_that_was_cut_by_a_restart_goes_on(stage: Stage) -> None:
    stage.first.then(Say("The second sentence goes on and on until its end."))
    told = await stage.hear(prompt(said=PART), CHAT)
    assert PART + told.text == LONG


async def test_a_model_that_is_not_set_up_is_passed_over(stage: Stage) -> None:
    stage.first.then(Say("I am here."))
    told = await stage.hear(prompt(), "deepseek:deepseek-chat", CHAT)
    assert told.text == "I am here."
    told = await stage.hear(prompt(), "deepseek:deepseek-chat")
    assert isinstance(told.failed.error, AuthFailed)


async def test_a_model_that_reasons_in_silence_is_given_more_time(stage: Stage) -> None:
    stage.first.then(Say(""), Stall(150), Say("I have thought."))
    told = await stage.hear(prompt(specialist=with_hints(effort="high")), RESPONSES)
    assert told.text == "I have thought."
