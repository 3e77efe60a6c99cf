"""Deliveries after Slack's documents, and what we make of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.address import Handle, is_direct, is_person, without_mention
from adapters.slack.parse import Heard, Me, emoji, parse, shortcut
from bot.domain.incoming import (
    Attachment,
    Command,
    Opened,
    Payload,
    Press,
    Reaction,
    Sender,
    StopRequest,
    UserDeletion,
    UserEdit,
    UserMessage,
)
from bot.domain.place import Place, Ref

PAYLOADS = Path(__file__).parents[1] / "payloads" / "slack"
ME = Me("A0SWITCH01", "T0HOME0001", "U0SWITCH01", "B0SWITCH01")
NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
ANNA = "U0ANNA0001"
DM = Place("slack", "D0ANNA0001", "", "T0HOME0001")
WITH_ANNA = Place("slack", ANNA, "", "T0HOME0001")
THREAD = Place("slack", "C0GENERAL1", "1795262000.000200", "T0HOME0001")
OPENED = Place("slack", "C0GENERAL1", "1795262400.000100", "T0HOME0001")
TS = "1795262400.000100"


def body(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return found


def heard(name: str) -> Heard | None:
    return parse(body(name), ME, NOW, commands=("help", "new", "rename"))


def certainly(name: str) -> Heard:
    found = heard(name)
    assert found is not None
    return found


def payload(name: str) -> Payload:
    return certainly(name).incoming.payload


def text(name: str) -> str:
    found = payload(name)
    assert isinstance(found, UserMessage)
    return found.text


def written(words: str, **fields: object) -> Payload:
    """What Anna's direct message becomes."""
    said = body("dm_text")
    said["event"] |= {"text": words, "blocks": [], **fields}
    found = parse(said, ME, NOW, commands=("help", "new"))
    assert found is not None
    return found.incoming.payload


def test_a_direct_message_says_who_where_when_and_what() -> None:
    incoming = certainly("dm_text").incoming
    assert incoming.id == "slack:T0HOME0001:D0ANNA0001:1795262400.000100"
    assert incoming.place == DM
    assert incoming.sender == Sender(ANNA)
    assert incoming.at == datetime.fromtimestamp(1795262400, UTC).replace(microsecond=100)
    said = "How do I <b>bold</b> & [link](https://example.org/a?b=1&c=2) it?"
    assert incoming.payload == UserMessage(Ref(DM, TS), said)


def test_a_direct_thread_is_a_topic() -> None:
    assert certainly("dm_thread").incoming.place == Place("slack", "D0ANNA0001", "1795262000.000200", "T0HOME0001")


def test_the_first_message_of_a_direct_thread_stays_in_the_running_conversation() -> None:
    said = body("dm_thread")
    said["event"]["thread_ts"] = said["event"]["ts"]
    found = parse(said, ME, NOW)
    assert found is not None
    assert found.incoming.place == DM


def test_code_and_lists_keep_their_form() -> None:
    assert text("dm_code") == ("Look:\n```python\nx = 1\ny < 2\n```\n- one\n- two\n    1. deep 👋\n> said\n> twice")


def test_a_fence_in_text_begins_on_its_own_line() -> None:
    assert written("a ```x = 1\ny &lt; 2``` b") == UserMessage(Ref(DM, TS), "a \n```\nx = 1\ny < 2\n```\n b")


def test_a_voice_message_has_its_duration() -> None:
    voice = Attachment("voice", "F0VOICE001", "audio_message.m4a", "audio/mp4", 34567, 4.32)
    assert payload("dm_voice") == UserMessage(Ref(DM, TS), "", (voice,))


def test_files_are_known_by_kind_and_deleted_ones_are_left_out() -> None:
    said = payload("dm_files")
    assert isinstance(said, UserMessage)
    assert [(one.kind, one.file, one.name, one.duration_seconds) for one in said.attachments] == [
        ("photo", "F0PHOTO001", "bridge.png", None),
        ("video", "F0CLIP0001", "clip.mp4", 2.5),
        ("audio", "F0SONG0001", "song.mp3", None),
        ("document", "F0REPORT01", "report.pdf", None),
        ("other", "F0DRIVE001", "Plan", None),
        ("document", "F0CONNECT1", "", None),
    ]


def test_a_forwarded_message_follows_as_a_quotation_and_previews_do_not() -> None:
    assert text("dm_forwarded") == "Is this right?\n\n> Bob:\n> The bridge is 2 km long.\n> Really."


def test_a_mention_opens_a_thread_and_is_taken_off() -> None:
    found = certainly("mention")
    assert found.addressed
    assert found.incoming.place == OPENED
    assert text("mention") == "Hi, ask @U0BOB00001 in #general, @here and @experts?"


def test_the_doubled_event_of_a_mention_is_one() -> None:
    assert heard("mention") == heard("app_mention")


def test_a_mention_alone_is_an_empty_message() -> None:
    assert payload("mention_alone") == UserMessage(Ref(OPENED, TS), "")


def test_words_at_the_top_of_a_channel_are_not_heard() -> None:
    assert heard("channel_talk") is None
    assert heard("group_dm_talk") is None


@pytest.mark.parametrize("name", ["channel_thread_talk", "channel_broadcast"])
def test_words_in_a_thread_are_for_us_only_if_it_is_ours(name: str) -> None:
    found = certainly(name)
    assert not found.addressed
    assert found.incoming.place == THREAD


@pytest.mark.parametrize("name", ["bot_talks", "other_app_talks", "our_own", "our_own_edited", "our_own_deleted"])
def test_nothing_is_heard_of_bots_and_of_ourselves(name: str) -> None:
    assert heard(name) is None


@pytest.mark.parametrize(
    "name", ["joined", "unfurled", "unfurled_after_edit", "thread_grew", "about_opened", "uninstalled", "shortcut"]
)
def test_what_nobody_said_is_nothing(name: str) -> None:
    assert heard(name) is None


def test_commands_are_written_with_a_slash_or_in_threads_with_an_exclamation_mark() -> None:
    assert payload("dm_command") == Command(Ref(DM, TS), "rename", "Bridge project")
    assert payload("mention_command") == Command(Ref(THREAD, TS), "threads", "archived")
    assert written("/New") == Command(Ref(DM, TS), "new")
    assert written("/switchboard help me") == Command(Ref(DM, TS), "help", "me")
    assert written("/whatever else") == Command(Ref(DM, TS), "whatever", "else")
    assert written("!New") == Command(Ref(DM, TS), "new")
    assert written("!switchboard new") == Command(Ref(DM, TS), "new")
    for words in ("!wow that is great", "!wow!", "/usr/bin", "!!!", "! important", "/", "wow /new"):
        assert written(words) == UserMessage(Ref(DM, TS), words)


def test_a_single_mistyped_word_is_a_command_and_no_question() -> None:
    assert written("!usag") == Command(Ref(DM, TS), "usag")
    assert written("/switchboard Usag") == Command(Ref(DM, TS), "usag")
    assert written("!switchboard usag") == Command(Ref(DM, TS), "usag")
    assert written("/switchboard usag of words") == UserMessage(Ref(DM, TS), "usag of words")
    assert written("/switchboard Почему?") == UserMessage(Ref(DM, TS), "Почему?")


def test_a_word_beside_a_file_is_no_command_unless_it_is_known() -> None:
    file = {"id": "F1", "name": "a.txt", "mimetype": "text/plain"}
    said = written("!chart", subtype="file_share", files=[file])
    assert said == UserMessage(Ref(DM, TS), "!chart", (Attachment("document", "F1", "a.txt", "text/plain"),))
    assert written("!new", subtype="file_share", files=[file]) == Command(Ref(DM, TS), "new")


@pytest.mark.parametrize(
    ("file", "kind", "name", "media_type"),
    [
        ({"subtype": "slack_audio", "mimetype": "video/webm"}, "voice", "clip.webm", "video/webm"),
        ({"subtype": "slack_video", "mimetype": "video/mp4"}, "video", "clip.webm", "video/mp4"),
        ({"media_display_type": "audio", "mimetype": "video/mp4"}, "audio", "clip.webm", "video/mp4"),
        ({"mode": "snippet", "name": "a.py", "filetype": "python"}, "document", "a.py", "text/plain"),
        ({"mode": "snippet", "name": "a.py", "mimetype": "text/x-python"}, "document", "a.py", "text/x-python"),
        (
            {"mode": "quip", "name": "Bridge_plan", "title": "Bridge plan", "mimetype": "application/vnd.slack-docs"},
            *("document", "Bridge plan.html", "text/html"),
        ),
        ({"mode": "email", "name": "Re: bridge", "mimetype": "text/html"}, "document", "Re: bridge.html", "text/html"),
        ({"mode": "post", "name": ""}, "document", "post.html", "text/html"),
        ({"name": "page.HTML", "mimetype": "text/html"}, "document", "page.HTML", "text/html"),
        ({"name": "", "title": "Plan", "is_external": True, "mimetype": "image/png"}, "other", "Plan", "image/png"),
    ],
)
def test_files_are_named_and_typed_as_what_is_downloaded(
    file: dict[str, Any], kind: str, name: str, media_type: str
) -> None:
    said = written("", subtype="file_share", files=[{"id": "F1", "name": "clip.webm", "duration_ms": 1500} | file])
    assert isinstance(said, UserMessage)
    (one,) = said.attachments
    assert (one.kind, one.name, one.media_type, one.duration_seconds) == (kind, name, media_type, 1.5)


def test_an_edit_brings_the_new_text_to_the_same_message() -> None:
    found = certainly("edited")
    assert found.addressed
    assert found.incoming.payload == UserEdit(Ref(DM, TS), "How long is the bridge?")
    assert found.incoming.id == "slack:Ev0EDITED"
    assert found.incoming.at == datetime.fromtimestamp(1795262460, UTC).replace(microsecond=400)
    assert payload("edited_mention") == UserEdit(Ref(THREAD, TS), "and the tunnel?")


def test_an_edit_beside_us_is_for_us_only_if_the_thread_is_ours() -> None:
    found = certainly("edited_channel_talk")
    assert not found.addressed
    assert found.incoming.place == OPENED


def test_deletions_name_the_message_that_is_gone() -> None:
    assert payload("deleted") == UserDeletion(Ref(DM, TS))
    assert payload("deleted_in_thread") == UserDeletion(Ref(THREAD, TS))
    assert payload("tombstone") == UserDeletion(Ref(OPENED, TS))
    assert certainly("tombstone").incoming.sender == Sender(ANNA)


def test_reactions_to_our_messages_are_heard() -> None:
    ref = Ref(Place("slack", "C0GENERAL1", "", "T0HOME0001"), "1795262001.000700")
    assert payload("reaction_added") == Reaction(ref, ("👍",))
    assert payload("reaction_removed") == Reaction(ref, ())
    assert heard("reaction_to_others") is None
    assert heard("reaction_by_us") is None
    assert [emoji(name) for name in ("thumbsdown", "-1::skin-tone-6", "party")] == ["👎", "👎", ":party:"]


def test_the_home_and_the_empty_conversation_are_opened() -> None:
    assert payload("home_opened") == Opened("home")
    assert payload("messages_opened") == Opened("chat")
    assert certainly("home_opened").incoming.place == DM


def test_the_native_stop_names_the_thread() -> None:
    assert certainly("session_stopped").incoming.place == THREAD
    assert payload("session_stopped") == StopRequest()


def test_a_press_brings_the_action_and_who_may_be_told_something() -> None:
    found = certainly("press").incoming
    handle = Handle("T0HOME0001", ANNA, "C0GENERAL1", "1795262000.000200", "9000.1.abc")
    assert found.payload == Press("again:7", Ref(THREAD, "1795262001.000700"), str(handle))
    assert found.id == "slack:T0HOME0001:9000.1.abc:1795262500.001100"
    assert Handle.parse(str(handle)) == handle
    assert found.at == NOW


def test_native_feedback_is_a_press() -> None:
    press = payload("feedback")
    assert isinstance(press, Press)
    assert (press.action, press.ref) == ("down:7", Ref(DM, "1795262001.000700"))


def test_a_press_without_a_message_of_ours_has_no_ref() -> None:
    ephemeral, home = payload("press_ephemeral"), payload("press_home")
    assert isinstance(ephemeral, Press)
    assert isinstance(home, Press)
    assert (ephemeral.action, ephemeral.ref) == ("run:help", None)
    assert (home.action, home.ref, home.press) == ("open:5", None, f"T0HOME0001/{ANNA}///9000.1.abc")
    assert (ephemeral.at_home, home.at_home) == (False, True)
    assert certainly("press_home").incoming.place == WITH_ANNA


def test_choosing_in_a_list_is_no_press() -> None:
    assert heard("press_without_value") is None


def test_a_slash_command_is_a_matter_between_the_person_and_us() -> None:
    found = certainly("slash_new").incoming
    assert found.place == WITH_ANNA
    assert found.payload == Command(None, "new")
    assert found.id == "slack:T0HOME0001:9000.2.def"
    assert is_direct(found.place)
    assert is_person(found.place)


def test_the_umbrella_command_takes_commands_and_questions() -> None:
    assert payload("slash_umbrella_command") == Command(None, "help")
    assert payload("slash_umbrella_empty") == Command(None, "help")
    assert payload("slash_umbrella_question") == UserMessage(None, "How long is the bridge & why?")


def test_the_shortcut_tells_which_message_it_was_used_on() -> None:
    found = shortcut(body("shortcut"))
    assert found is not None
    assert (found.user, found.channel, found.trigger) == (ANNA, "C0GENERAL1", "9000.1.abc")
    assert found.message["text"] == "The bridge is *2 km* long."
    assert shortcut(body("press")) is None


def test_the_form_of_the_shortcut_becomes_a_question_with_a_quotation() -> None:
    found = certainly("submission").incoming
    asked = "@researcher Is that true?\n\n> The bridge is *2 km* long.\n> Really.\n>\n> — Bob"
    assert found.payload == UserMessage(None, asked)
    assert found.place == WITH_ANNA
    assert payload("submission_anyone") == UserMessage(None, "@anyone Is that true?")
    assert heard("submission_of_others") is None


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_a_redelivery_has_the_same_id(path: Path) -> None:
    again = json.loads(path.read_text()) | {"retry_attempt": 2, "retry_reason": "timeout"}
    assert parse(again, ME, NOW) == parse(json.loads(path.read_text()), ME, NOW)


@pytest.mark.parametrize("broken", [{}, {"type": "event_callback"}, {"type": "block_actions", "actions": [7]}])
def test_what_cannot_be_read_is_nothing(broken: dict[str, Any]) -> None:
    assert parse(broken, ME, NOW) is None


def test_a_mention_is_cut_without_leaving_holes() -> None:
    said = {"<@U1>: hi": "hi", "hi <@U1>!": "hi!", "a <@U1> b": "a b", "a <@U1|sb> <@U1> b": "a b", "<@U12> hi": None}
    assert {words: without_mention(words, "U1") for words in said} == said
