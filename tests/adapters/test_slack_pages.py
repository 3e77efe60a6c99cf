"""The Home tab and the form of the message shortcut: accepted by the SDK's own models."""

from typing import Any

from slack_sdk.models.views import View

from adapters.slack.pages import ASK, Words, ask_modal, asked, home_view
from bot.domain.messenger import Button, HomeSection

WORDS = Words(
    "Ask a specialist",
    "Who should answer?",
    "Whoever fits best",
    "Your question",
    "About this message",
    "Ask",
    "Cancel",
)
CHOICES = (("coder", "💻 Coder"), ("researcher", "🔎 Researcher"))
MESSAGE = {"type": "message", "user": "U1", "text": "The bridge is *2 km* &amp; <https://x.yz|long>.\nReally."}


def valid(view: dict[str, Any]) -> dict[str, Any]:
    """`view`, as slack_sdk's models read and check it."""
    assert View(**view).to_dict()["type"] == view["type"]
    return view


def sent(view: dict[str, Any], question: str, chosen: str) -> dict[str, Any]:
    """The view as Slack sends it back."""
    values = {
        "question": {"question": {"type": "plain_text_input", "value": question}},
        "specialist": {"specialist": {"type": "static_select", "selected_option": {"value": chosen}}},
    }
    return view | {"state": {"values": values}}


def test_sections_stand_under_their_titles_with_a_line_between() -> None:
    threads = HomeSection("Your conversations", "1. **Bridge** < 2", ((Button("Open", "open:1"),),))
    view = valid(home_view((threads, HomeSection("Usage", "- 5 answers", ((Button("More", "run:usage"),),)))))
    assert [block["type"] for block in view["blocks"]] == [
        *("header", "section", "actions"),
        "divider",
        *("header", "section", "actions"),
    ]
    assert view["blocks"][1]["text"] == {"type": "mrkdwn", "text": "1. *Bridge* &lt; 2"}
    buttons = [one for block in view["blocks"] if block["type"] == "actions" for one in block["elements"]]
    assert [(one["action_id"], one["value"]) for one in buttons] == [("sb:0", "open:1"), ("sb:1", "run:usage")]


def test_a_long_section_takes_several_blocks_and_too_many_are_left_out() -> None:
    view = valid(home_view((HomeSection("x" * 200, "word " * 1_500),)))
    assert len(view["blocks"]) == 4
    assert all(len(block["text"]["text"]) <= 3_000 for block in view["blocks"])
    assert len(valid(home_view([HomeSection("t", "x")] * 60))["blocks"]) <= 100


def test_the_form_asks_whom_and_what_and_shows_the_message() -> None:
    view = valid(ask_modal(CHOICES, MESSAGE, WORDS, "Bob"))
    assert view["callback_id"] == ASK
    who, what, _, about, message = view["blocks"]
    assert [one["text"]["text"] for one in who["element"]["options"]] == [
        "Whoever fits best",
        "💻 Coder",
        "🔎 Researcher",
    ]
    assert what["label"]["text"] == "Your question"
    assert about["elements"][0]["text"] == "About this message · Bob"
    assert message["text"]["text"] == "The bridge is *2 km* & [long](https://x.yz).\nReally."


def test_the_answer_of_the_form_is_a_question_with_a_quotation() -> None:
    view = ask_modal(CHOICES, MESSAGE, WORDS, "Bob")
    assert asked(sent(view, " Is it? ", "researcher")) == (
        "@researcher Is it?\n\n> The bridge is *2 km* & [long](https://x.yz).\n> Really.\n>\n> — Bob"
    )
    assert asked(sent(view, "Is it?", "anyone")).startswith("@anyone Is it?\n\n> The bridge")
    assert asked(sent(ask_modal(CHOICES, {}, WORDS), "Is it?", "anyone")) == "@anyone Is it?"
    assert asked(sent(ask_modal(CHOICES, {}, WORDS), "@coder Is it?", "anyone")) == "@coder Is it?"
    assert asked(view) == asked({}) == asked(sent(view, "  ", "coder")) == ""


def test_a_very_long_message_is_quoted_from_its_beginning() -> None:
    view = valid(ask_modal([(f"s{n}", f"S{n}") for n in range(150)], {"text": 'я"\n' * 9_000}, WORDS, "Bob" * 90))
    assert len(view["private_metadata"]) <= 3_000
    question = asked(sent(view, "Is it?", "anyone"))
    assert question.count('> я"') > 500
    assert "…" in question
