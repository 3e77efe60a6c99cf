"""mrkdwn in both directions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.inline import JOINER
from adapters.slack.markup import escape, heard, spoken, unescape, written


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("<https://x.yz>", "https://x.yz"),
        ("<https://x.yz/a?b=1&amp;c=2>", "https://x.yz/a?b=1&c=2"),
        ("<https://x.yz|here>", "[here](https://x.yz)"),
        ("<http://x.yz|x.yz>", "http://x.yz"),
        ("<mailto:me@x.yz|me@x.yz>", "me@x.yz"),
        ("<tel:+123|+123>", "+123"),
        ("<@U1> <@U1|anna>", "@U1 @anna"),
        ("<#C1> <#C1|> <#C1|general>", "#C1 #C1 #general"),
        ("<!here> <!channel|channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1> <!subteam^S1|@team>", "@S1 @team"),
        ("<!date^1392734382^{date}|Feb 18, 2014>", "Feb 18, 2014"),
        ("```<https://x.yz> &lt;b&gt;```", "```\nhttps://x.yz <b>\n```"),
        ("```\ncode\n```", "```\ncode\n```"),
        ("*bold* _it_ ~no~ `x`", "*bold* _it_ ~no~ `x`"),
        ("<strange>", "<strange>"),
    ],
)
def test_what_people_wrote(said: str, text: str) -> None:
    assert heard(said) == text


def test_our_markdown_in_mrkdwn() -> None:
    assert spoken("# Usage\n\n**bold**, *it* and ~~old~~ [a|b](https://x.yz) `a*b*`") == (
        "*Usage*\n\n*bold*, _it_ and ~old~ <https://x.yz|a¦b> `a*b*`"
    )
    assert spoken("- one\n- **two** < 3\n\n```py\n<b>\n```") == "• one\n• *two* &lt; 3\n\n```\n&lt;b&gt;\n```"
    assert spoken(r"1\. \*not bold\* 2*3*4") == "1. *not bold* 2_3_4"


@given(st.text("ab <>!@#&*_`~[]()here\n", max_size=40))
@settings(max_examples=50, deadline=None)
def test_our_mrkdwn_calls_nobody(source: str) -> None:
    for shown in (spoken(source), escape(source)):
        assert "<!" not in shown
        assert "<@" not in shown
        assert "<#" not in shown
    assert unescape(escape(source)).replace(JOINER, "") == source


@given(st.text("ab<>|!@#&;^`\n", max_size=40))
@settings(max_examples=50, deadline=None)
def test_anything_can_be_heard(source: str) -> None:
    heard(source)


def test_a_message_without_code_and_lists_is_read_from_its_text() -> None:
    blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}]
    assert written({"text": "hi", "blocks": blocks}) == "hi"
    assert written({"text": "hi", "blocks": "?", "attachments": [None, {"text": "x"}]}) == "hi"
    assert written({}) == ""
