"""Updates that the library refuses, and hostile ones: whatever can be read is read, nothing raises."""

import json
import logging
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.types import Update
from pydantic import ValidationError

from adapters.telegram.address import Me
from adapters.telegram.counters import MessageCounters
from adapters.telegram.reading import Reader
from bot.domain.incoming import Incoming, Membership, Press, Reaction, Unsupported, UserMessage
from bot.domain.place import Place, Ref
from tests.fakes.clock import ManualClock

PAYLOADS = Path(__file__).parents[1] / "payloads" / "telegram"
ANNA = Place("telegram", "7001")
GROUP = Place("telegram", "-1001234567890")


@pytest.fixture
def counters() -> MessageCounters:
    return MessageCounters()


@pytest.fixture
def reader(counters: MessageCounters) -> Reader:
    return Reader(Bot("42:TEST"), Me(42, "switchboard_bot"), ManualClock(), counters)


def one(found: list[Incoming]) -> Incoming:
    (incoming,) = found
    return incoming


def raw(name: str) -> dict[str, object]:
    found = json.loads((PAYLOADS / f"{name}.json").read_text())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "name", ["private_rich_unknown", "private_rich_unreadable", "press_our_rich", "reaction_unknown", "missing_chat"]
)
def test_the_library_itself_refuses_these(name: str) -> None:
    with pytest.raises(ValidationError):
        Update.model_validate(raw(name))


def test_unknown_blocks_are_skipped_and_the_rest_is_read(reader: Reader) -> None:
    incoming = one(reader.read(raw("private_rich_unknown")))
    assert incoming.payload == UserMessage(Ref(ANNA, "115"), "before shiny\nafter")


def test_a_message_of_unknown_blocks_only_is_unsupported(reader: Reader) -> None:
    incoming = one(reader.read(raw("private_rich_unreadable")))
    assert incoming.payload == Unsupported(Ref(ANNA, "116"), "rich_message")


def test_a_press_under_a_message_we_cannot_read_is_still_a_press(reader: Reader) -> None:
    incoming = one(reader.read(raw("press_our_rich")))
    assert incoming.payload == Press("up:3", Ref(ANNA, "202"), "4382bfdwdsb323b2dc")


def test_of_reactions_the_known_ones_count(reader: Reader) -> None:
    incoming = one(reader.read(raw("reaction_unknown")))
    assert incoming.payload == Reaction(Ref(ANNA, "202"), ("👎",))


def test_rights_that_a_server_does_not_know_do_not_hide_that_we_were_added(reader: Reader) -> None:
    update = raw("joined")
    change = update["my_chat_member"]
    assert isinstance(change, dict)
    change["new_chat_member"] = {"user": {"id": 42, "is_bot": True, "first_name": "S"}, "status": "administrator"}
    incoming = one(reader.read(update))
    assert incoming.payload == Membership("joined")


def test_an_unknown_part_beside_a_text_in_a_group_leaves_mention_and_topic(reader: Reader) -> None:
    update = raw("forum_mention")
    message = update["message"]
    assert isinstance(message, dict)
    message["external_reply"] = {"origin": {"type": "dream", "date": 1}}
    incoming = one(reader.read(update))
    assert incoming.place == Place("telegram", "-1009876543210", "17")
    assert isinstance(incoming.payload, UserMessage)
    assert incoming.payload.text == "sum up"
    assert incoming.payload.reply_to is None


def test_a_reply_to_our_rich_message_that_we_cannot_read_is_addressed_to_us(reader: Reader) -> None:
    update = raw("group_reply_to_us")
    message = update["message"]
    assert isinstance(message, dict)
    message["reply_to_message"]["rich_message"] = {"blocks": [{"type": "hologram"}]}
    incoming = one(reader.read(update))
    assert incoming.payload == UserMessage(Ref(GROUP, "306"), "and then?", reply_to=Ref(GROUP, "300"))


def test_what_is_said_to_our_rich_message_that_we_cannot_read_is_heard(reader: Reader) -> None:
    update = raw("private_voice")
    message = update["message"]
    assert isinstance(message, dict)
    sender = {"id": 42, "is_bot": True, "first_name": "Switchboard"}
    message["reply_to_message"] = {
        "message_id": 100,
        "from": sender,
        "chat": message["chat"],
        "date": 1,
        "rich_message": {"blocks": [{"type": "hologram"}]},
    }
    message |= {"media_group_id": "77", "voice": message["voice"] | {"aura": {"type": "green"}}}
    heard = one(reader.read(update)).payload
    assert isinstance(heard, UserMessage)
    assert (heard.reply_to, heard.album) == (Ref(ANNA, "100"), "77")
    assert [(thing.kind, thing.file, thing.duration_seconds) for thing in heard.attachments] == [
        ("voice", "AwACvoice", 4)
    ]


def test_a_file_that_cannot_be_read_does_not_hide_the_caption(reader: Reader) -> None:
    update = raw("private_photo_caption")
    message = update["message"]
    assert isinstance(message, dict)
    message["photo"] = [{"hologram": 7}]
    heard = one(reader.read(update)).payload
    assert isinstance(heard, UserMessage)
    assert (heard.text, heard.attachments) == ("What is this?", ())


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"update_id": 1},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": []},
        {"update_id": 1, "message": {}},
        {"update_id": 1, "message": {"message_id": 0, "date": 10**30, "chat": {}, "text": 7}},
        {"update_id": 1, "callback_query": {"id": 4}},
        {"update_id": 1, "my_chat_member": {"chat": {"id": "x"}}},
        {"update_id": 1, "message_reaction": {"new_reaction": "👍"}},
        {"update_id": 1, "stopped_message_generation": {"draft_id": 3}},
        {"update_id": 1, "holographic_call": {"id": 1}},
    ],
)
def test_nonsense_is_skipped(reader: Reader, update: dict[str, object]) -> None:
    assert reader.read(update) == []


def test_what_is_skipped_is_logged_by_id_and_kind_only(reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    update = raw("missing_chat")
    message = update["message"]
    assert isinstance(message, dict)
    message["text"] = "the secret recipe"
    with caplog.at_level(logging.DEBUG):
        assert reader.read(update) == []
    assert f"update {update['update_id']} of kind message" in caplog.text
    assert "secret" not in caplog.text


def test_blocks_nested_without_end_are_cut_off(reader: Reader) -> None:
    block: dict[str, object] = {"type": "paragraph", "text": "deep"}
    for _ in range(200):
        block = {"type": "hologram", "blocks": [block]}
    update = raw("private_rich_unknown")
    message = update["message"]
    assert isinstance(message, dict)
    message["rich_message"] = {"blocks": [block, {"type": "paragraph", "text": "shallow"}]}
    incoming = one(reader.read(update))
    assert isinstance(incoming.payload, UserMessage)
    assert incoming.payload.text == "shallow"


def test_every_message_seen_moves_the_counter_even_when_it_is_not_for_us(
    reader: Reader, counters: MessageCounters
) -> None:
    assert reader.read(raw("group_talk")) == []
    reader.read(raw("private_voice"))
    reader.read(raw("private_text"))
    assert (counters.highest(GROUP), counters.highest(ANNA)) == (302, 105)


def test_private_chats_and_basic_groups_share_a_counter_and_supergroups_do_not(counters: MessageCounters) -> None:
    counters.saw("7001", 50)
    counters.saw("-1001", 9)
    counters.saw("-1001234567890", 7)
    assert counters.highest(Place("telegram", "8002")) == 50
    assert counters.highest(Place("telegram", "-500100", "3")) == 50
    assert counters.highest(GROUP) == 7


def test_of_many_supergroups_the_ones_seen_last_are_remembered() -> None:
    counters = MessageCounters(limit=2)
    for chat in ("-1000000000001", "-1000000000002", "-1000000000001", "-1000000000003"):
        counters.saw(chat, 5)
    known = [counters.highest(Place("telegram", f"-100000000000{n}")) for n in (1, 2, 3)]
    assert known == [5, 0, 5]
