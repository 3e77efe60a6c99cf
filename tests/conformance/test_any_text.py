"""Whatever a model writes: what `fits` says fits is accepted, and what is long arrives whole."""

import re
from contextlib import suppress

import pytest

from bot.domain.errors import NotModified
from bot.domain.messenger import Appending, Delta, Drafting, Outgoing
from bot.domain.place import Ref
from bot.markdown.healing import heal
from bot.markdown.pages import paginate
from bot.markdown.plain import clean, plain
from tests.conformance.venue import Venue, World
from tests.markdown.inputs import CORPUS, MADE, prefixes

pytestmark = pytest.mark.asyncio(loop_scope="module")

NASTY = CORPUS | MADE
MOST_PAGES = 3
MOST_PREFIXES = 10
THINKING_CHARS = 1_000
MOST_COPIES = 2**17
FILLERS = {
    "words": "word ",
    "emoji": "👩‍👩‍👧‍👦 ",
    "bold words": "**bold** *it* ",
    "links": "[a](https://example.org/a) ",
    "angles": "a < b & c > d ",
}
FENCE = "```python\n", "x = 1\n", "```"
TABLE = "| a | b |\n|---|---|\n", "| 1 | 2 |\n", ""


def is_visible(text: str) -> bool:
    """Whether a reader would see anything of it: messages without that are no messages."""
    return bool(plain(heal(clean(text))).strip())


async def whole(venue: Venue) -> str:
    return "\n".join(shown.text for shown in await venue.look())


@pytest.mark.parametrize("name", NASTY)
async def test_what_fits_is_accepted(world: World, venue: Venue, name: str) -> None:
    messenger, place = world.messenger, venue.place
    pages = [page.text for page in paginate(NASTY[name], lambda text: messenger.fits(place, text))]
    for text in filter(is_visible, [*pages[:MOST_PAGES], *pages[MOST_PAGES:][-2:]]):
        assert messenger.fits(place, text)
        before = len(await venue.look())
        await messenger.send(place, Outgoing(text))
        shown = await venue.look()
        assert len(shown) == before + 1
        assert shown[-1].text.strip()


@pytest.mark.parametrize("name", [*FILLERS, "a fence", "a table"])
async def test_the_longest_text_that_fits_is_accepted_and_one_message(world: World, venue: Venue, name: str) -> None:
    messenger, place = world.messenger, venue.place
    begin, unit, end = {"a fence": FENCE, "a table": TABLE}.get(name) or ("", FILLERS[name], "")

    def made(copies: int) -> str:
        return begin + unit * copies + end

    fits, too_many = 1, 2
    while too_many < MOST_COPIES and messenger.fits(place, made(too_many)):
        fits, too_many = too_many, 2 * too_many
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if messenger.fits(place, made(middle)):
            fits = middle
        else:
            too_many = middle
    await messenger.send(place, Outgoing(made(fits)))
    (shown,) = await venue.look()
    word = plain(unit).split()[0] if name != "a table" else "1"
    assert shown.text.count(word) >= fits


async def test_a_long_text_arrives_whole_and_in_order(world: World, venue: Venue) -> None:
    messenger, place = world.messenger, venue.place
    text = "\n\n".join(
        f"## Chapter c{number}\n\n" + " ".join(f"**w{number}x{word}** is *said*." for word in range(60))
        for number in range(1, 8)
    )
    said = re.findall(r"\bc\d+|w\d+x\d+", text)
    pages = paginate(text, lambda page: messenger.fits(place, page))
    for page in pages:
        await messenger.send(place, Outgoing(page.text))
    assert re.findall(r"\bc\d+|w\d+x\d+", await whole(venue)) == said
    assert len(await venue.look()) == len(pages)


class Preview:
    """A reply as it grows, in the way that the place declares."""

    def __init__(self, world: World, venue: Venue) -> None:
        self._messenger = world.messenger
        self._place = venue.place
        self._ref: Ref | None = None
        self._shown = ""

    async def shows(self, text: str) -> None:
        outgoing = Outgoing(text, thinking=text[-THINKING_CHARS:], status="Looking it up", streaming=True)
        streaming = self._messenger.capabilities(self._place).streaming
        if streaming == "drafts" and isinstance(self._messenger, Drafting):
            await self._messenger.draft(self._place, 3, outgoing)
        elif self._ref is None:
            self._ref = await self._messenger.send(self._place, outgoing)
        elif streaming == "appends" and isinstance(self._messenger, Appending):
            await self._messenger.append(
                self._ref, Delta(len(self._shown), text[len(self._shown) :], text[-THINKING_CHARS:])
            )
        else:
            with suppress(NotModified):  # What is new may be markup that is held back until it is complete.
                await self._messenger.edit(self._ref, outgoing)
        self._shown = text


@pytest.mark.parametrize("name", NASTY)
async def test_every_preview_of_a_growing_text_is_accepted(world: World, venue: Venue, name: str) -> None:
    preview = Preview(world, venue)
    for text in prefixes(NASTY[name], MOST_PREFIXES):
        if not world.messenger.fits(venue.place, text):
            break
        if text:
            await preview.shows(text)
