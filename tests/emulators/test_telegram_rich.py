"""Rich messages: what they show, what is refused, where their limits lie."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    InputMediaPhoto,
    InputRichBlockButtons,
    InputRichBlockDetails,
    InputRichBlockList,
    InputRichBlockListItem,
    InputRichBlockParagraph,
    InputRichBlockPhoto,
    InputRichBlockPreformatted,
    InputRichBlockTable,
    InputRichBlockUnion,
    InputRichMessage,
    InputRichMessageMedia,
    RichBlockTableCell,
    RichMessageButton,
    RichTextBold,
)

from adapters.telegram.emulator import TelegramEmulator


async def refused(call: object) -> str:
    with pytest.raises(TelegramBadRequest) as caught:
        await call  # type: ignore[misc]
    return caught.value.message


DOCUMENTED = """
<a name="chapter-0"></a><h1>Heading 1</h1><p>Some <b>bold <i>both</i></b>, <u>u</u>, <s>s</s>, <code>c</code>,
<mark>m</mark> <sub>1</sub><sup>2</sup> <tg-spoiler>hid</tg-spoiler> <tg-math>x^2</tg-math>
<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji> <tg-time unix="1647531900" format="wDT">22:45</tg-time></p>
<p><a href="https://t.me/">url</a> <a href="mailto:u@e.org">mail</a> <a href="tel:+12">tel</a>
<a href="#chapter-0">up</a>
<a href="tg://user?id=1">who</a></p>
<pre><code class="language-python">  print('a < b')</code></pre><pre>plain
  text</pre><footer>Footer</footer><hr/>
<ul><li>one</li><li><input type="checkbox" checked>done</li></ul><ol start="3"><li>three<ul><li>sub</li></ul></li></ol>
<blockquote>Quote<br>second<cite>Author</cite></blockquote><blockquote collapsed>long</blockquote><aside>Pull</aside>
<table bordered striped><caption>Cap</caption><tr><th>A</th><th align="center">B</th></tr>
<tr><td>1</td><td>2</td></tr></table>
<details open><summary>More</summary><p>inside</p></details><tg-math-block>E = mc^2</tg-math-block>
<tg-map lat="41.9" long="12.5" zoom="14"/>
<figure><img src="https://e.org/p.jpg" tg-spoiler/><figcaption>Photo</figcaption></figure>
""".replace("a < b", "a &lt; b")

SHOWN = """Heading 1
Some bold both, u, s, c, m 12 hid x^2 👍 22:45
url mail tel up who
  print('a < b')
plain
  text
Footer
• one
• ☑ done
3. three
  • sub
Quote
second
Author
long
Pull
Cap
A | B
1 | 2
More
inside
E = mc^2
Photo"""


async def test_every_documented_tag_is_taken_and_can_be_read(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    sent = await bot.send_rich_message(ann.id, InputRichMessage(html=DOCUMENTED))
    assert sent.rich_message is not None
    assert sent.content_type == "rich_message"
    (message,) = ann.private.messages
    assert message.text_content == SHOWN
    assert message.rich_html == DOCUMENTED


async def test_blocks_are_taken_as_they_are(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    cell = RichBlockTableCell(align="left", valign="top", text="cell")
    blocks: list[InputRichBlockUnion] = [
        InputRichBlockParagraph(text=["a ", RichTextBold(text="b")]),
        InputRichBlockPreformatted(text="x < 1", language="py"),
        InputRichBlockList(items=[InputRichBlockListItem(blocks=[InputRichBlockParagraph(text="item")])]),
        InputRichBlockTable(cells=[[cell, cell]]),
        InputRichBlockDetails(summary="more", blocks=[InputRichBlockParagraph(text="inside")]),
        InputRichBlockButtons(buttons=[RichMessageButton(text="Go", callback_data="go")]),
    ]
    await bot.send_rich_message(ann.id, InputRichMessage(blocks=blocks))
    assert ann.private.messages[-1].text_content == "a b\nx < 1\n• item\ncell | cell\nmore\ninside"
    await ann.presses("Go")
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.data == "go"


async def test_markdown_is_taken(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await bot.send_rich_message(ann.id, InputRichMessage(markdown="# T\n\nx **y**\n\n- a\n- b"))
    assert ann.private.messages[-1].text_content == "T\nx y\n• a\n• b"


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("<div>x</div>", 'Unsupported start tag "div" at byte offset 0'),
        ("<p>x", 'Can\'t find end tag corresponding to start tag "p"'),
        ("<b><i>x</b></i>", 'expected "</i>", found "</b>"'),
        ("x</p>", 'Unexpected end tag "p"'),
        ("1 < 2", "Unsupported start tag at byte offset 2"),
        ('<p style="color:red">x</p>', 'Unsupported attribute "style"'),
        ("<p><h1>x</h1></p>", "is not allowed inside a line of text"),
        ("<b><p>x</p></b>", "is not allowed"),
        ('<p><img src="https://e.org/x.png"/></p>', "is not allowed inside a line of text"),
        ("<ul>x<li>y</li></ul>", "must not contain text directly"),
        ("<ul></ul>", "must have at least one item"),
        ("<table><td>x</td></table>", 'is not allowed in "table"'),
        ("<details>x</details>", 'must begin with "summary"'),
        ('<code class="language-py">x</code>', "can't have a language"),
        ("<tg-math><b>x</b></tg-math>", 'is not allowed in "tg-math"'),
        ("<li>x</li>", "is not allowed here"),
        ("<tg-thinking>x</tg-thinking>", "thinking blocks can be used only in drafts"),
        ("", "message must be non-empty"),
        ("<p> </p>", "message must be non-empty"),
    ],
)
async def test_html_that_is_not_documented_is_refused(
    tg: TelegramEmulator, bot: Bot, html: str, complaint: str
) -> None:
    ann = tg.user("Ann")
    assert complaint in await refused(bot.send_rich_message(ann.id, InputRichMessage(html=html or " ")))


async def test_exactly_one_form_is_given(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    for message in (InputRichMessage(is_rtl=True), InputRichMessage(html="<p>x</p>", markdown="x")):
        assert "exactly one of html, markdown and blocks" in await refused(bot.send_rich_message(ann.id, message))


def paragraphs(count: int) -> str:
    return "<p>x</p>" * count


@pytest.mark.parametrize(
    ("fits", "over"),
    [
        (f"<p>{'x' * 32_768}</p>", f"<p>{'x' * 32_769}</p>"),
        (f"<p>{'ы' * 16_384}</p>", f"<p>{'ы' * 16_385}</p>"),
        (paragraphs(500), paragraphs(501)),
        (f"<ul>{'<li>x</li>' * 249}</ul>", f"<ul>{'<li>x</li>' * 250}</ul>"),
        (f"<table><tr>{'<td>x</td>' * 20}</tr></table>", f"<table><tr>{'<td>x</td>' * 21}</tr></table>"),
        ("<blockquote>" * 15 + "x" + "</blockquote>" * 15, "<blockquote>" * 16 + "x" + "</blockquote>" * 16),
        ('<img src="https://e.org/x.png"/>' * 50, '<img src="https://e.org/x.png"/>' * 51),
    ],
    ids=["bytes", "bytes of Cyrillic", "blocks", "blocks of a list", "columns", "depth", "media"],
)
async def test_limits(tg: TelegramEmulator, bot: Bot, fits: str, over: str) -> None:
    ann = tg.user("Ann")
    await bot.send_rich_message(ann.id, InputRichMessage(html=fits))
    assert "too" in await refused(bot.send_rich_message(ann.id, InputRichMessage(html=over)))


async def test_media_are_found_by_the_name_they_were_given(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    media = [InputRichMessageMedia(id="plan", media=InputMediaPhoto(media=BufferedInputFile(b"jpg", "plan.jpg")))]
    html = '<img src="tg://photo?id=plan"/><p>the plan</p>'
    sent = await bot.send_rich_message(ann.id, InputRichMessage(html=html, media=media))
    assert sent.rich_message is not None
    assert sent.rich_message.blocks[0].type == "photo"
    missing = InputRichMessage(html='<img src="tg://photo?id=other"/>', media=media)
    assert 'media "other" is not found' in await refused(bot.send_rich_message(ann.id, missing))
    block = InputRichBlockPhoto(photo=InputMediaPhoto(media=BufferedInputFile(b"jpg", "plan.jpg")))
    await bot.send_rich_message(ann.id, InputRichMessage(blocks=[block]))


async def test_rich_messages_live_in_groups_too(tg: TelegramEmulator, bot: Bot) -> None:
    team = tg.group("Team", members=[tg.user("Ann")])
    sent = await bot.send_rich_message(team.id, InputRichMessage(html="<p>one</p>"))
    await bot.edit_message_text(
        chat_id=team.id, message_id=sent.message_id, rich_message=InputRichMessage(html="<p>one two</p>")
    )
    assert team.messages[-1].versions == ["one", "one two"]
