"""`/search`: where something was said."""

from bot.commands.answer import Answer, Given, shortened
from bot.commands.titles import as_seen_by
from bot.domain.action import CommandAction
from bot.domain.messenger import Button
from bot.markdown.plain import literal
from bot.texts import Texts
from storage.store import Tx

_HITS = 20
_SHOWN = 6
_SNIPPET_CHARS = 220
_LABEL_CHARS = 32
_WORDS_CHARS = 200


class Searching:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def search(self, tx: Tx, given: Given) -> Answer:
        """`/search words`: the best hit of each conversation, best first, with a button that opens it. One held with
        others goes on where it is held, and has none."""
        words = given.arguments.strip()[:_WORDS_CHARS]
        if not words:
            return Answer(self._texts.say(given.locale, "search-how"))
        hits = await tx.search.messages(given.user.id, words, limit=_HITS)
        best = {hit.thread.id: hit for hit in reversed(hits)}
        shown = [hit for hit in hits if best[hit.thread.id] is hit][:_SHOWN]
        if not shown:
            return Answer(self._texts.say(given.locale, "search-none", words=literal(words)))
        seen = {thread.id: thread for thread in await as_seen_by(tx, given.user.id, [hit.thread for hit in shown])}
        untitled = self._texts.say(given.locale, "thread-untitled")
        parts = [self._texts.say(given.locale, "search-title", words=literal(words))]
        buttons = []
        for number, hit in enumerate(shown, 1):
            thread = seen[hit.thread.id]
            title = thread.title or untitled
            when = hit.message.created_at.strftime("%Y-%m-%d")
            parts.append(
                self._texts.say(
                    given.locale,
                    "search-hit",
                    number=str(number),
                    title=literal(title),
                    when=when,
                    shared="yes" if thread.shared else "no",
                )
                + f"\n> {literal(shortened(hit.snippet, _SNIPPET_CHARS))}"
            )
            if thread.shared:
                continue
            label = shortened(f"{number}. {title}", _LABEL_CHARS)
            buttons.append((Button(label, str(CommandAction("open", f"#{hit.thread.id}"))),))
        return Answer("\n\n".join(parts), tuple(buttons))
