"""Many people at once, with the limits on: everyone is answered once, in order and whole, and nobody is flooded."""

from adapters.telegram.emulator import Limits
from bot.domain.reply import Prompt
from specialists.scripted import Say, Script
from tests.stories.stage import set_stage, texts

USERS = 50
MESSAGES = 20


def _answer(prompt: Prompt) -> Script:
    return (Say(f"The answer to {prompt.text}.", chunk_chars=200, pause_seconds=0.3),)


async def test_fifty_people_say_twenty_things_each(sqlite_url: str) -> None:
    async with (
        set_stage(sqlite_url, limits=Limits.telegram(), choose=_answer, grain_seconds=0.1) as stage,
        stage.process(),
    ):
        people = [stage.tg.user(f"User{number}") for number in range(USERS)]
        for message in range(MESSAGES):
            for person in people:
                lead = "" if message else "@concierge "
                await person.says(f"{lead}question {message} of {person.profile.first_name}")
            await stage.clock.advance(2.0)
        await stage.settles()
        for person in people:
            name = person.profile.first_name
            assert texts(person.private) == [f"The answer to question {n} of {name}." for n in range(MESSAGES)]
        assert not stage.tg.floods
        assert not stage.tg.violations
        async with stage.board.store.begin() as tx:
            account = await tx.ledger.account()
        assert (account.received, account.answered, account.lost) == (USERS * MESSAGES, USERS * MESSAGES, 0)
