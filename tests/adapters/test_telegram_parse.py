"""Captured updates of the Bot API, and what we make of them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiogram.types import Update

from adapters.telegram.address import Me
from adapters.telegram.parse import parse
from bot.domain.incoming import (
    Command,
    Incoming,
    Membership,
    Moved,
    Payload,
    Press,
    Reaction,
    Sender,
    StopRequest,
    Unsupported,
    UserEdit,
    UserMessage,
)
from bot.domain.place import Place, Ref

PAYLOADS = Path(__file__).parents[1] / "payloads" / "telegram"
ME = Me(42, "switchboard_bot")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANNA = Place("telegram", "7001")
GROUP = Place("telegram", "-1001234567890")
TOPIC = Place("telegram", "-1009876543210", "17")


def heard(name: str) -> Incoming | None:
    raw = json.loads((PAYLOADS / f"{name}.json").read_text())
    return parse(Update.model_validate(raw), ME, NOW)


def payload(name: str) -> Payload:
    incoming = heard(name)
    assert incoming is not None
    return incoming.payload


def message(name: str) -> UserMessage:
    found = payload(name)
    assert isinstance(found, UserMessage)
    return found


def written(text: str, **fields: object) -> Incoming | None:
    """What Anna's private message `text` becomes."""
    raw = json.loads((PAYLOADS / "private_text.json").read_text())
    raw["message"] |= {"text": text, **fields}
    return parse(Update.model_validate(raw), ME, NOW)


def test_a_private_message_says_who_where_when_and_what() -> None:
    assert heard("private_text") == Incoming(
        id="telegram:42:9001",
        place=ANNA,
        sender=Sender("7001", "Anna Berg", "de"),
        at=datetime(2025, 11, 20, 12, 0, tzinfo=UTC),
        payload=UserMessage(Ref(ANNA, "101"), "Hello, who are you?"),
    )


def test_a_topic_of_a_private_chat_is_a_place_of_its_own() -> None:
    incoming = heard("private_topic_text")
    assert incoming is not None
    assert incoming.place == Place("telegram", "7001", "90")


def test_a_start_link_is_a_command_with_its_payload() -> None:
    assert payload("private_start_payload") == Command(Ref(ANNA, "103"), "start", "invite_77")


def test_a_path_is_not_a_command() -> None:
    incoming = written("/usr/bin/env is where?")
    assert incoming is not None
    assert isinstance(incoming.payload, UserMessage)


def test_of_a_photo_the_largest_size_is_kept() -> None:
    found = message("private_photo_caption")
    assert found.text == "What is this?"
    assert [(one.kind, one.file, one.size_bytes) for one in found.attachments] == [("photo", "AgAClarge", 98000)]


def shown(**media: object) -> UserMessage:
    """A message of Anna's with `media` instead of a text."""
    raw = json.loads((PAYLOADS / "private_text.json").read_text())
    del raw["message"]["text"]
    raw["message"] |= media
    incoming = parse(Update.model_validate(raw), ME, NOW)
    assert incoming is not None
    assert isinstance(incoming.payload, UserMessage)
    return incoming.payload


def picture(name: str, width: int, size_bytes: int) -> dict[str, object]:
    return {"file_id": name, "file_unique_id": name, "width": width, "height": 10, "file_size": size_bytes}


def test_a_size_that_telegram_does_not_hand_out_is_of_no_use() -> None:
    small, large, huge = (
        picture("small", 90, 1_000),
        picture("large", 2_000, 9_000_000),
        picture("huge", 9_000, 3 * 10**7),
    )
    assert [one.file for one in shown(photo=[small, large, huge]).attachments] == ["large"]
    assert [one.file for one in shown(photo=[huge]).attachments] == ["huge"]


def test_of_a_live_photo_the_still_is_meant() -> None:
    film = picture("film", 640, 900_000) | {"duration": 2, "mime_type": "video/mp4"}
    still = shown(live_photo=film | {"photo": [picture("still", 640, 9_000)]})
    assert [(one.kind, one.file, one.name) for one in still.attachments] == [("photo", "still", "photo.jpg")]
    moving = shown(live_photo=film)
    assert [(one.kind, one.file, one.name) for one in moving.attachments] == [("video", "film", "live_photo.mp4")]


def test_a_part_of_an_album_names_it() -> None:
    assert message("private_photo_caption").album == "13900000000000001"
    assert message("private_voice").album == ""


@pytest.mark.parametrize(
    ("name", "kind", "file", "label"),
    [
        ("private_voice", "voice", "AwACvoice", "voice.ogg"),
        ("private_document", "document", "BQACdoc", "report.pdf"),
        ("private_gif", "video", "CgACgif", "cat.mp4"),
        ("private_huge_sticker", "sticker", "CAACstick", "😀"),
        ("private_venue", "location", "", "Café, Main St 1"),
        ("private_contact", "contact", "", "Bo Li +4900000"),
        ("private_dice", "other", "", "🎲 5"),
        ("private_poll", "other", "", "Tea or coffee?"),
    ],
)
def test_each_kind_of_thing_is_one_attachment(name: str, kind: str, file: str, label: str) -> None:
    found = message(name)
    assert found.text == ""
    assert [(one.kind, one.file, one.name) for one in found.attachments] == [(kind, file, label)]


def test_a_voice_message_tells_its_length_and_type() -> None:
    (voice,) = message("private_voice").attachments
    assert (voice.media_type, voice.size_bytes, voice.duration_seconds) == ("audio/ogg", 15360, 4)


def test_a_story_cannot_be_read_and_deserves_a_sentence() -> None:
    assert payload("private_story") == Unsupported(Ref(ANNA, "113"), "story")


def test_a_rich_message_is_read_as_plain_text() -> None:
    assert message("private_rich").text == "Plan\nWe really should go\n1. pack\n2. leave\na | b\nprint(1)"


def test_a_text_that_fills_a_message_was_cut_in_mid_word_by_the_client() -> None:
    full, short = written("é" * 4096), written("é" * 4094)
    assert full is not None
    assert isinstance(full.payload, UserMessage)
    assert full.payload.cut
    assert short is not None
    assert isinstance(short.payload, UserMessage)
    assert not short.payload.cut


def test_the_length_of_a_text_is_counted_in_utf16_units() -> None:
    incoming = written("😀" * 2048)
    assert incoming is not None
    assert isinstance(incoming.payload, UserMessage)
    assert incoming.payload.cut


def test_what_no_platform_shows_is_cleaned_away() -> None:
    incoming = written("a\x00b\ud800c")
    assert incoming is not None
    assert isinstance(incoming.payload, UserMessage)
    assert incoming.payload.text == "ab\ufffdc"


def test_an_edit_carries_the_new_text() -> None:
    incoming = heard("private_edited")
    assert incoming is not None
    assert incoming.payload == UserEdit(Ref(ANNA, "101"), "Hello, what can you do?")
    assert incoming.at == datetime(2025, 11, 20, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(("name", "text"), [("group_talk", "lunch?"), ("group_mention", "👋🏽, what is up?")])
def test_every_edit_in_a_group_is_told_because_it_may_be_of_a_message_that_we_answered(name: str, text: str) -> None:
    raw = json.loads((PAYLOADS / f"{name}.json").read_text())
    raw["edited_message"] = raw.pop("message") | {"edit_date": 1763640060}
    incoming = parse(Update.model_validate(raw), ME, NOW)
    assert incoming is not None
    assert isinstance(incoming.payload, UserEdit)
    assert incoming.payload.text == text


@pytest.mark.parametrize(
    "name",
    [
        "private_live_location_edited",
        "private_pinned",
        "private_empty",
        "private_unknown_content",
        "press_inline",
        "group_talk",
        "group_other_mention",
        "group_command_other",
        "group_bot_talks",
        "group_linked_channel",
        "group_moved_mirror",
        "forum_talk_in_our_topic",
        "promoted",
        "channel_post",
        "unknown_kind",
    ],
)
def test_what_is_not_for_us_is_passed_over(name: str) -> None:
    assert heard(name) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("group_mention", "👋🏽, what is up?"),
        ("group_text_mention", "tell us"),
        ("group_reply_to_us", "and then?"),
        ("group_anonymous_admin", "help"),
        ("group_mention_caption", "read this"),
        ("forum_mention", "sum up"),
        ("forum_general_mention", "hi"),
    ],
)
def test_in_a_group_we_hear_what_is_addressed_to_us_without_the_address(name: str, text: str) -> None:
    assert message(name).text == text


@pytest.mark.parametrize(
    ("text", "is_heard"), [("Dear @Switchboard_Bot, hello", True), ("@switchboard_bot2", False), ("hello", False)]
)
def test_a_rich_message_in_a_group_may_mention_us_too(text: str, is_heard: bool) -> None:
    raw = json.loads((PAYLOADS / "group_talk.json").read_text())
    del raw["message"]["text"]
    raw["message"]["rich_message"] = {"blocks": [{"type": "paragraph", "text": ["", text]}]}
    assert (parse(Update.model_validate(raw), ME, NOW) is not None) is is_heard


def test_in_private_a_mention_is_part_of_the_text() -> None:
    text = "is @switchboard_bot you?"
    incoming = written(text, entities=[{"type": "mention", "offset": 3, "length": 16}])
    assert incoming is not None
    assert incoming.payload == UserMessage(Ref(ANNA, "101"), text)


def test_a_mention_alone_still_says_something() -> None:
    assert said_in_group("@switchboard_bot") == "@switchboard_bot"


def test_two_mentions_are_both_cut_out() -> None:
    assert said_in_group("@switchboard_bot are you there @switchboard_bot?") == "are you there?"


def test_a_command_after_a_mention_is_a_command() -> None:
    raw = json.loads((PAYLOADS / "group_mention.json").read_text())
    raw["message"] |= {"text": "@switchboard_bot /new", "entities": [_mention("@switchboard_bot /new", 0)]}
    incoming = parse(Update.model_validate(raw), ME, NOW)
    assert incoming is not None
    assert incoming.payload == Command(Ref(GROUP, "303"), "new")


def said_in_group(text: str) -> str:
    raw = json.loads((PAYLOADS / "group_mention.json").read_text())
    starts = [at for at in range(len(text)) if text.startswith("@switchboard_bot", at)]
    raw["message"] |= {"text": text, "entities": [_mention(text, at) for at in starts]}
    incoming = parse(Update.model_validate(raw), ME, NOW)
    assert incoming is not None
    assert isinstance(incoming.payload, UserMessage)
    return incoming.payload.text


def _mention(text: str, at: int) -> dict[str, object]:
    return {"type": "mention", "offset": len(text[:at].encode("utf-16-le")) // 2, "length": 16}


def test_a_command_may_name_us() -> None:
    assert payload("group_command_ours") == Command(Ref(GROUP, "307"), "new", "now")


def test_a_forum_topic_is_a_place_and_general_is_the_chat() -> None:
    in_topic, in_general = heard("forum_mention"), heard("forum_general_mention")
    assert in_topic is not None
    assert in_general is not None
    assert (in_topic.place, in_general.place) == (TOPIC, TOPIC.room)


def test_the_message_that_opened_a_topic_is_not_replied_to() -> None:
    assert message("forum_mention").reply_to is None
    assert message("group_reply_to_us").reply_to == Ref(GROUP, "300")


def test_an_anonymous_admin_speaks_as_the_group() -> None:
    incoming = heard("group_anonymous_admin")
    assert incoming is not None
    assert incoming.sender == Sender("-1001234567890", "Team")


def test_a_press_brings_back_the_action_and_the_topic() -> None:
    incoming = heard("press")
    assert incoming is not None
    assert (incoming.place, incoming.sender.id, incoming.at) == (TOPIC, "7001", NOW)
    assert incoming.payload == Press("again:12", Ref(TOPIC, "201"), "4382bfdwdsb323b2d9")


def test_a_press_under_a_message_too_old_still_names_it() -> None:
    assert payload("press_inaccessible") == Press("never  issued 😈", Ref(ANNA, "55"), "4382bfdwdsb323b2da")


def test_reactions_are_told_by_their_emoji() -> None:
    assert payload("reaction") == Reaction(Ref(ANNA, "202"), ("👍",))


def test_the_native_stop_button_names_the_topic_but_no_user() -> None:
    incoming = heard("stopped")
    assert incoming is not None
    assert (incoming.place, incoming.sender, incoming.payload) == (
        Place("telegram", "7001", "90"),
        Sender("7001"),
        StopRequest(),
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [("blocked", "blocked"), ("unblocked", "unblocked"), ("joined", "joined"), ("kicked", "left")],
)
def test_membership_changes_are_told(name: str, change: str) -> None:
    found = payload(name)
    assert isinstance(found, Membership)
    assert found.change == change


def test_a_group_that_became_a_supergroup_has_a_new_address() -> None:
    incoming = heard("group_moved")
    assert incoming is not None
    assert incoming.place == Place("telegram", "-500100")
    assert incoming.payload == Moved(GROUP)
