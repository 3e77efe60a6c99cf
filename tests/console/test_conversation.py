"""What an open page knows: the store's truth, and between two readings what the bus says."""

import pytest

from adapters.web import Changed, Deleted, Edited, Grew, Sent, Shown, web_place
from bot.console.conversation import Conversation
from bot.console.live import Live
from bot.domain.errors import StorageError
from bot.domain.incoming import Attachment, Command, Filled, Incoming, Press, UserEdit, UserMessage
from bot.domain.media import Upload
from bot.domain.messenger import Button
from bot.domain.place import Ref
from bot.domain.reply import Request
from bot.domain.status import Status
from bot.domain.thread import Turn, TurnState
from storage.store import Store
from storage.vault import Vault
from tests.fakes.clock import ManualClock

VISITOR, KEY = "a" * 32, "b" * 32
PLACE = web_place(VISITOR, KEY)
REPLY = Ref(PLACE, "c" * 32)


class Door:
    """Remembers what was taken; closed, it takes nothing."""

    def __init__(self) -> None:
        self.taken: list[Incoming] = []
        self.is_open = True

    async def take(self, incoming: Incoming) -> None:
        if not self.is_open:
            raise StorageError("closed")
        self.taken.append(incoming)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def conversation(store: Store, door: Door, clock: ManualClock) -> Conversation:
    return Conversation(store, door.take, clock, visitor=VISITOR, key=KEY, locale="en")


async def asked(store: Store, text: str, *, visitor: str = VISITOR, key: str = KEY) -> Turn:
    """A turn that is being answered."""
    place = web_place(visitor, key)
    async with store.begin() as tx:
        user = await tx.users.resolve("web", "", visitor, name="", locale="en")
        thread = await tx.threads.current(user.id, place) or await tx.threads.open(
            user.id, place, specialist="concierge"
        )
        turn = await tx.turns.create(thread.id, "concierge")
        await tx.turns.add_message(turn.id, "user", text, Ref(place, f"{turn.id:032x}"))
        return await tx.turns.begin(turn.id)


async def answered(store: Store, turn: Turn, text: str, *, ref: Ref = REPLY) -> None:
    async with store.begin() as tx:
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text=text, refs=[ref])


def answer(conversation: Conversation) -> str | None:
    """The text of the newest reply that is complete."""
    message = conversation.exchanges[-1].answer
    return message.text if message is not None else None


def waits(conversation: Conversation) -> bool:
    return conversation.open_turn is not None


def has_gap(conversation: Conversation) -> bool:
    return conversation.live.has_gap


def status(conversation: Conversation) -> Status:
    return conversation.status


def has_earlier(conversation: Conversation) -> bool:
    return conversation.has_earlier


async def test_a_reply_grows_by_what_the_bus_says_and_settles_in_the_store(
    conversation: Conversation, store: Store
) -> None:
    turn = await asked(store, "Hello?")
    await conversation.refresh()
    conversation.hear(Sent(REPLY.message, "Good", streaming=True, thinking="hm"))
    conversation.hear(Grew(REPLY.message, 4, " morning"))
    assert waits(conversation)
    assert (conversation.live.text, conversation.live.thinking) == ("Good morning", "")
    await answered(store, turn, "Good morning!")
    conversation.hear(Changed(REPLY.message))
    await conversation.refresh()
    assert answer(conversation) == "Good morning!"
    assert (waits(conversation), conversation.live.text) == (False, "")


async def test_a_lost_delta_is_filled_from_what_was_kept(conversation: Conversation, store: Store) -> None:
    turn = await asked(store, "Count")
    await conversation.refresh()
    conversation.hear(Sent(REPLY.message, "one ", streaming=True))
    conversation.hear(Grew(REPLY.message, 8, "three "))
    assert has_gap(conversation)
    assert conversation.live.text == "one "
    async with store.begin() as tx:
        await tx.turns.save_partial(turn.id, "one two three four")
    conversation.hear(Grew(REPLY.message, 14, "four five"))
    await conversation.catch_up()
    assert not has_gap(conversation)
    assert conversation.live.text == "one two three four five"


async def test_a_page_that_comes_late_reads_what_was_kept(conversation: Conversation, store: Store) -> None:
    turn = await asked(store, "Count")
    async with store.begin() as tx:
        await tx.turns.save_partial(turn.id, "one two")
    await conversation.refresh()
    assert conversation.live.text == "one two"
    conversation.hear(Grew(REPLY.message, 7, " three"))
    assert conversation.live.text == "one two three"


async def test_an_answer_given_anew_hides_the_earlier_one_while_it_is_written(
    conversation: Conversation, store: Store
) -> None:
    turn = await asked(store, "Hello?")
    await answered(store, turn, "First")
    async with store.begin() as tx:
        await tx.turns.requeue(turn.id)
        await tx.turns.begin(turn.id)
    await conversation.refresh()
    assert answer(conversation) is None
    conversation.hear(Edited(REPLY.message, "Sec", streaming=True))
    await conversation.refresh()
    assert conversation.live.text == "Sec"
    await answered(store, turn, "Second")
    await conversation.refresh()
    assert answer(conversation) == "Second"


async def test_what_is_no_reply_is_a_notice_until_the_visitor_goes_on(conversation: Conversation, door: Door) -> None:
    conversation.hear(Sent("d" * 32, "Your conversations:"))
    conversation.hear(Grew("d" * 32, 19, " none"))
    conversation.hear(Sent("e" * 32, "Oops"))
    conversation.hear(Deleted("e" * 32))
    assert [notice.text for notice in conversation.notices] == ["Your conversations: none"]
    await conversation.press_notice(conversation.notices[0], "open:1")
    await conversation.say("Thanks")
    assert conversation.notices == ()
    press, message = (incoming.payload for incoming in door.taken)
    assert press == Press("open:1", Ref(PLACE, "d" * 32))
    assert isinstance(message, UserMessage)


async def test_a_whole_reply_that_was_sent_at_once_is_no_notice(conversation: Conversation, store: Store) -> None:
    turn = await asked(store, "Hello?")
    await conversation.refresh()
    conversation.hear(Sent(REPLY.message, "Hi", ((Button("👍", f"up:{turn.id}"),),)))
    assert (conversation.notices, conversation.live.text) == ((), "Hi")
    conversation.hear(Sent("f" * 32, "A page of it"))
    async with store.begin() as tx:
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="Hi", refs=[REPLY, Ref(PLACE, "f" * 32)])
    await conversation.refresh()
    assert conversation.notices == ()


APPROVAL = ((Button("Approve", "approve:1"), Button("Deny", "deny:1")),)
LEAVE = Request("call-1", "send_invoice", "to: anna@example.org")


async def paused(store: Store, turn: Turn, text: str, requests: list[Request], state: str = "") -> None:
    async with store.begin() as tx:
        await tx.turns.pause(turn.id, text=text, refs=[REPLY], requests=requests, state=state)


async def test_a_reply_that_waits_for_leave_shows_what_it_asks_for(conversation: Conversation, store: Store) -> None:
    turn = await asked(store, "Send it")
    await conversation.refresh()
    conversation.hear(Sent(REPLY.message, "I found it.", streaming=True))
    conversation.hear(Edited(REPLY.message, "I found it. May I?", APPROVAL))
    assert conversation.live.text == "I found it."
    await paused(store, turn, "I found it.", [LEAVE])
    await conversation.refresh()
    pause = conversation.exchanges[-1].pause
    assert pause is not None
    assert (pause.text, pause.requests, pause.granted) == ("I found it.", (LEAVE,), None)
    assert (answer(conversation), conversation.live.text, conversation.status) == (None, "", Status.REVIEWING)


async def test_a_reply_goes_on_after_the_words_before_its_pause(conversation: Conversation, store: Store) -> None:
    turn = await asked(store, "Send it")
    await paused(store, turn, "I found it.", [LEAVE])
    async with store.begin() as tx:
        await tx.turns.decide(turn.id, True)
        await tx.turns.begin(turn.id)
    await conversation.refresh()
    assert conversation.exchanges[-1].pause is None
    assert conversation.live.text == "I found it."
    conversation.hear(Grew(REPLY.message, 0, "I found it. Sent!"))
    assert conversation.live.text == "I found it. Sent!"


async def test_a_question_who_should_answer_is_no_notice_and_is_answered_through_the_door(
    conversation: Conversation, store: Store, door: Door
) -> None:
    turn = await asked(store, "Teach me to read a balance sheet")
    await conversation.refresh()
    choice = ((Button("Analyst", f"pick:{turn.id}:analyst"),), (Button("Mentor", f"pick:{turn.id}:mentor"),))
    conversation.hear(Sent(REPLY.message, "Who should answer?", choice))
    assert conversation.notices == ()
    await paused(store, turn, "Who should answer?", [], '{"choice": ["analyst", "mentor"]}')
    await conversation.refresh()
    await conversation.choose(conversation.exchanges[-1].turn, "mentor")
    assert [incoming.payload for incoming in door.taken] == [Press(f"pick:{turn.id}:mentor", REPLY)]


async def test_files_of_a_reply_are_its_own_once_it_is_complete(
    conversation: Conversation, store: Store, vault: Vault
) -> None:
    turn = await asked(store, "Draw it")
    await conversation.refresh()
    blob = await vault.keep_bytes(b"new")
    async with store.begin() as tx:
        owner = (await tx.threads.get(turn.thread_id)).user_id
        await tx.files.add(owner, "old.png", "image/png", 3, blob, turn_id=turn.id, version=turn.version - 1)
        kept = await tx.files.add(owner, "chart.png", "image/png", 3, blob, turn_id=turn.id, version=turn.version)
    shown = Shown("chart.png", "image/png", 3, f"/files/{kept.token}")
    sent = Ref(PLACE, "f" * 32)
    conversation.hear(Sent(sent.message, "", file=shown))
    assert [notice.file for notice in conversation.notices] == [shown]
    async with store.begin() as tx:
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="There", refs=[REPLY, sent])
    await conversation.refresh()
    assert conversation.exchanges[-1].files == (shown,)
    assert conversation.notices == ()


VOICE = Attachment("voice", "a-token", "", "audio/webm", 2_000, 7.5)


async def came_with(store: Store, turn: Turn, *attachments: Attachment) -> list[Upload]:
    async with store.begin() as tx:
        (message,) = await tx.turns.messages(turn.id)
        return await tx.uploads.add(message, attachments)


async def test_what_came_with_a_question_is_shown_with_it_and_follows_what_becomes_of_it(
    conversation: Conversation, store: Store
) -> None:
    turn = await asked(store, "")
    (voice, _) = await came_with(store, turn, VOICE, Attachment("photo", "other", "cat.png", "image/png"))
    await conversation.refresh()
    uploads = conversation.exchanges[-1].uploads
    assert [(upload.name, upload.state) for upload in uploads] == [("voice", "waiting"), ("cat.png", "waiting")]
    async with store.begin() as tx:
        await tx.uploads.ready(voice.id, sort="speech", text="How many red apples?")
    await conversation.refresh()
    assert conversation.exchanges[-1].uploads[0].text == "How many red apples?"
    assert conversation.exchanges[-1].questions[0].text == "How many red apples?"


async def test_what_was_heard_is_put_right_through_the_door(
    conversation: Conversation, store: Store, door: Door
) -> None:
    (voice,) = await came_with(store, await asked(store, ""), VOICE)
    await conversation.fix(voice, "How many red apples?")
    assert [incoming.payload for incoming in door.taken] == [Filled(f"fix:{voice.id}", "How many red apples?")]


async def test_files_may_come_without_words_and_to_a_chosen_specialist(conversation: Conversation, door: Door) -> None:
    conversation.chosen = "analyst"
    await conversation.say("", (VOICE,))
    await conversation.say("", (VOICE,))
    first, second = (incoming.payload for incoming in door.taken)
    assert isinstance(first, UserMessage)
    assert isinstance(second, UserMessage)
    assert (first.text, first.attachments, second.text) == ("@analyst", (VOICE,), "")


async def test_a_spoken_reply_is_part_of_its_turn_as_soon_as_that_is_read(
    conversation: Conversation, store: Store, vault: Vault
) -> None:
    turn = await asked(store, "Hello?")
    await answered(store, turn, "Hi")
    blob = await vault.keep_bytes(b"OggS")
    async with store.begin() as tx:
        owner = (await tx.threads.get(turn.thread_id)).user_id
        kept = await tx.files.add(owner, "reply.ogg", "audio/ogg", 4, blob, turn_id=turn.id, version=turn.version)
    conversation.hear(Sent("f" * 32, "", file=Shown("reply.ogg", "audio/ogg", 4, kept.link, is_speech=True)))
    await conversation.refresh()
    assert conversation.notices == ()
    assert [file.media_type for file in conversation.exchanges[-1].files] == ["audio/ogg"]


async def test_a_message_goes_to_the_chosen_specialist_and_the_choice_is_made_once(
    conversation: Conversation, door: Door
) -> None:
    conversation.chosen = "analyst"
    assert conversation.specialist == "analyst"
    await conversation.say("/help")
    assert conversation.chosen == "analyst"
    await conversation.say("Add this up")
    await conversation.say("And this")
    _, first, second = (incoming.payload for incoming in door.taken)
    assert isinstance(first, UserMessage)
    assert isinstance(second, UserMessage)
    assert (first.text, second.text) == ("@analyst Add this up", "And this")


async def test_a_choice_is_kept_when_the_door_is_closed(conversation: Conversation, door: Door) -> None:
    door.is_open, conversation.chosen = False, "analyst"
    with pytest.raises(StorageError):
        await conversation.say("Add this up")
    assert conversation.chosen == "analyst"


async def test_whoever_answers_the_thread_is_asked_next(conversation: Conversation, store: Store) -> None:
    turn = await asked(store, "Hello?")
    async with store.begin() as tx:
        await tx.threads.set_specialist(turn.thread_id, "mentor")
    await conversation.refresh()
    assert conversation.specialist == "mentor"


async def test_the_status_follows_the_turn(conversation: Conversation, store: Store) -> None:
    await conversation.refresh()
    assert status(conversation) is Status.IDLE
    turn = await asked(store, "Hello?")
    await conversation.refresh()
    conversation.hear(Sent(REPLY.message, "", streaming=True, status="Looking…"))
    assert status(conversation) is Status.MONITORING
    async with store.begin() as tx:
        thread = await tx.threads.get(turn.thread_id)
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="Maybe", refs=[REPLY], confidence=0.2)
    await conversation.refresh()
    assert status(conversation) is Status.UNCERTAIN
    async with store.begin() as tx:
        await tx.escalations.record(thread.user_id, thread.id, turn.id, "not sure")
    await conversation.refresh()
    assert (status(conversation), conversation.exchanges[-1].is_escalated) == (Status.ESCALATED, True)


async def test_everything_a_visitor_does_goes_through_the_door(
    conversation: Conversation, store: Store, door: Door
) -> None:
    turn = await asked(store, "Helo")
    await answered(store, turn, "Hi")
    await conversation.refresh()
    (exchange,) = conversation.exchanges
    mine = exchange.questions[0].ref
    assert mine is not None
    await conversation.edit(mine, "Hello")
    await conversation.press("up", exchange.turn)
    await conversation.say("/help me")
    edit, press, command = (incoming.payload for incoming in door.taken)
    assert edit == UserEdit(mine, "Hello")
    assert press == Press(f"up:{turn.id}", REPLY)
    assert isinstance(command, Command)
    assert {(incoming.place, incoming.sender.id) for incoming in door.taken} == {(PLACE, VISITOR)}


async def test_a_closed_door_is_heard_of(conversation: Conversation, door: Door) -> None:
    door.is_open = False
    with pytest.raises(StorageError):
        await conversation.say("Hello")


async def test_a_visitor_sees_their_own_conversations_only(
    conversation: Conversation, store: Store, door: Door, clock: ManualClock
) -> None:
    await asked(store, "my secret canary")
    await asked(store, "another of mine", key="e" * 32)
    stranger = Conversation(store, door.take, clock, visitor="f" * 32, key=KEY, locale="en")
    await stranger.refresh()
    assert (stranger.thread, stranger.exchanges, stranger.shelf.items) == (None, (), ())
    await conversation.refresh()
    assert {item.title for item in conversation.shelf.items} == {"my secret canary", "another of mine"}


async def test_a_long_conversation_is_read_from_its_end_and_further_back_when_asked(
    conversation: Conversation, store: Store
) -> None:
    for number in range(40):
        turn = await asked(store, f"Question {number}")
        await answered(store, turn, f"Answer {number}", ref=Ref(PLACE, f"reply{number}"))
    await conversation.refresh()
    assert has_earlier(conversation)
    assert len(conversation.exchanges) < 40
    conversation.show_earlier()
    await conversation.refresh()
    assert not has_earlier(conversation)
    assert [exchange.questions[0].text for exchange in conversation.exchanges] == [f"Question {n}" for n in range(40)]


def test_a_delta_cuts_off_what_it_replaces() -> None:
    live = Live()
    live.start("m", "Hello wrold")
    live.grow(Grew("m", 6, "world"))
    assert live.text == "Hello world"


@pytest.mark.parametrize("text", ["/new", "/NEW", " /New ", "/new something else", "/new\nsomething"])
def test_the_command_for_a_new_conversation_never_begins_one_here(conversation: Conversation, text: str) -> None:
    assert conversation.is_left_by(text)


@pytest.mark.parametrize("text", ["new", "/newer", "/help new", "what is /new?", ""])
def test_other_words_stay_in_the_conversation(conversation: Conversation, text: str) -> None:
    assert not conversation.is_left_by(text)
