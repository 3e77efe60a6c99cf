"""The engine that needs no key: it answers from the knowledge base and from the files of the conversation, with the
source and an honest confidence."""

import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.domain.errors import ApiFailed, StorageError
from bot.domain.reply import Failed, Finished, Prompt, ReplyEvent, TextDelta, ThinkingDelta, Unseen, Usage
from bot.texts import Texts
from specialists.answer import Answer
from specialists.looking import Looking
from specialists.passages import anchor
from specialists.ranking import Found, is_cyrillic, ranked
from specialists.smalltalk import Courtesy, Smalltalk, in_words
from storage.stems import Stemmer
from storage.store import Store

COLLECTION = "handbook"
"""The collection of the pages that are shipped."""
DOCUMENTS = "documents"
"""The collection of the folder that the platform's owner dropped in (`KNOWLEDGE_DIR`)."""

_HITS = 8
_SUGGESTIONS = 3
_WORDS_A_PIECE = 6
_ANSWER_FROM = 0.35
_SURE_ABOVE = 0.5
_HIGH_ABOVE = 0.8
_HALF_SURE = 0.55
"""In a conversation with files a page needs more than this not to be hedged."""
_NEAR = 0.3
_VERY_WORDS = 0.99
"""Of the heading of a page, how much of it was asked for."""
_NEAREST_FROM = 0.2
"""Of a question that no page answers: so much of it must stand in a file of earlier."""
_FOUND_ABOVE = 0.35
"""Of a question about files: so much of it must stand in a place that is quoted."""

_SAYS_SOMETHING = re.compile(r"[^\W\d_]|\d{3}")
_LATIN = re.compile(r"[a-z]")
_LONE_DIGIT = re.compile(r"\b\d\b")
_NOT_A_NAME = re.compile(r"[^\w .'’-]|_")
_PIECE = re.compile(rf"(?:\S+\s*){{1,{_WORDS_A_PIECE}}}")


class HandbookEngine:
    """Implements `Engine`. `shared` collections are searched for every specialist, besides its own."""

    def __init__(self, store: Store, texts: Texts, *, shared: Sequence[str] = (DOCUMENTS,)) -> None:
        self._store = store
        self._texts = texts
        self._shared = tuple(shared)
        self._stemmer = Stemmer()
        self._looking = Looking(store, texts, self._stemmer)
        self._smalltalk = {language: Smalltalk(texts, language) for language in texts.languages}

    async def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent, None]:
        """Stream the answer in groups of words. Ends with `Failed` when the database does not answer."""
        words = in_words(prompt.text)
        language = self._language(words, prompt.locale)
        is_new = any(document.is_new for document in prompt.documents)
        yield ThinkingDelta(self._texts.say(language, "reading-thinking" if is_new else "handbook-thinking"))
        try:
            unseen = 0 if prompt.old_pictures else len(prompt.pictures)
            alone = unseen and not prompt.text.strip() and not is_new
            answer = Answer("", 0.0) if alone else await self._answered(prompt, words, language)
        except StorageError as error:
            yield Failed(ApiFailed(f"the knowledge base: {error.detail}"))
            return
        if unseen and not is_new and answer.confidence <= _HIGH_ABOVE:
            answer = Answer("", 0.0)  # It was asked about the pictures.
        if unseen:
            yield Unseen(unseen)
        for piece in _pieces(answer.text):
            yield TextDelta(piece)
        usage = Usage(provider="handbook", model="full-text", cost_usd=Decimal())
        yield Finished((usage,), confidence=answer.confidence, suggestions=answer.suggestions)

    def _language(self, words: str, locale: str) -> str:
        """The language of the question; the user's own where a word or two do not tell."""
        if is_cyrillic(words):
            return self._texts.match("ru")
        own = self._texts.match(locale)
        is_sentence = _LATIN.search(words) and len(words.split()) > 2
        return self._texts.match("en") if own == "ru" and is_sentence else own

    async def _answered(self, prompt: Prompt, words: str, language: str) -> Answer:
        """What is asked of a file that could not be used is not answered from another one."""
        is_new = any(document.is_new for document in prompt.documents) or (prompt.pictures and not prompt.old_pictures)
        named = [name for name in prompt.unread if name.casefold() in prompt.text.casefold()]
        if not prompt.unread or (is_new and not named):
            return await self._answer(prompt, words, language)
        if not named and not self._looking.points(prompt.text):
            answer = await self._answer(replace(prompt, documents=()), words, language)
            if answer.confidence > _HIGH_ABOVE:
                return answer
        return Answer(self._texts.say(language, "reading-unread"), 0.0)

    async def _answer(self, prompt: Prompt, words: str, language: str) -> Answer:
        voice = _Voice(self._texts, prompt, language)
        smalltalk = self._smalltalk[language]
        is_new = any(document.is_new for document in prompt.documents)
        courtesy = smalltalk.heard(words)
        if courtesy is not None:
            about_file = is_new and courtesy != "abilities"
            return await self._looking.described(prompt, language) if about_file else voice.courtesy(courtesy)
        pointed = await self._looking.pointed(prompt, language) if prompt.documents else None
        if pointed is not None and pointed.yields_above == 1.0:
            return pointed
        # A lone digit finds every numbered list.
        query = _LONE_DIGIT.sub(" ", smalltalk.bare(words)).strip()
        if not _SAYS_SOMETHING.search(query):
            nothing = await self._looking.described(prompt, language) if is_new else voice.no_words()
            return pointed or replace(nothing, confidence=min(nothing.confidence, _SURE_ABOVE))
        collections = tuple(dict.fromkeys((*prompt.specialist.knowledge, *self._shared)))
        async with self._store.begin() as tx:
            hits = await tx.knowledge.search(query, collections, locale=language, limit=_HITS)
        found = ranked(hits, query, language, self._stemmer)
        known = voice.answer(found)
        nearness = self._nearness(query, found)
        if pointed is not None:
            is_page = known.confidence > pointed.yields_above and nearness >= _NEAR
            return known if is_page else pointed
        if not prompt.documents:
            return known
        better = await self._better(prompt, query, language, known, nearness)
        return better if better is not known or known.confidence > _HALF_SURE else voice.hedged(known)

    def _nearness(self, query: str, found: Sequence[Found]) -> float:
        """How much of the best page's heading was asked for: 1.0 for its very words."""
        heading = frozenset(self._stemmer.stems(found[0].topic)) if found else frozenset()
        return len(heading & frozenset(self._stemmer.stems(query))) / max(len(heading), 1)

    async def _better(self, prompt: Prompt, query: str, language: str, known: Answer, nearness: float) -> Answer:
        """What the files say, or what is `known` without them.

        A file at hand gives way only to a page that is about the very question; a file of earlier gives way to a page
        that has more of it, and answers where no page does.
        """
        found = await self._looking.found(prompt, query, language)
        said = found.confidence if found is not None else 0.0
        if not self._looking.is_meant(prompt):
            is_known = known.confidence >= _ANSWER_FROM
            is_said = said > max(known.confidence, _SURE_ABOVE) if is_known else said >= _NEAREST_FROM
            return found if found is not None and is_said else known
        if self._looking.is_at_hand(prompt):
            is_page = known.confidence > _HALF_SURE and nearness >= _NEAR
            is_known = is_page and (known.confidence > max(_HIGH_ABOVE, said) or nearness >= _VERY_WORDS)
            is_known = is_known or (is_page and said < _FOUND_ABOVE)
        else:
            is_known = known.confidence > min(_HIGH_ABOVE, max(_SURE_ABOVE, said))
        if is_known:
            return known
        return found if found is not None and said >= _FOUND_ABOVE else await self._looking.missed(prompt, language)


@dataclass(frozen=True, slots=True)
class _Voice:
    """Puts an answer into words, in one language."""

    texts: Texts
    prompt: Prompt
    language: str

    def answer(self, found: Sequence[Found]) -> Answer:
        if not found:
            return self._listing("handbook-unknown", 0.0, self._starters())
        best = found[0]
        topics = self._topics(found)
        sure = best.confidence > _SURE_ABOVE
        if best.confidence < _ANSWER_FROM or not (best.on_topic or best.hit.coverage > _SURE_ABOVE):
            return self._listing("handbook-unknown-nearest", min(best.confidence, _ANSWER_FROM), topics)
        others = tuple(topic for topic in topics if topic != best.topic)[:_SUGGESTIONS]
        parts = [f"**{best.topic}**", best.hit.text, self._source(best)]
        if not sure:
            parts = [self._say("handbook-unsure"), *parts, self._say("handbook-perhaps"), self._list(others)]
        return Answer("\n\n".join(parts), best.confidence, others)

    def hedged(self, answer: Answer) -> Answer:
        """The same, told as the nearest there is."""
        if answer.confidence <= _SURE_ABOVE:
            return answer
        return replace(answer, text=f"{self._say('handbook-unsure')}\n\n{answer.text}", confidence=_SURE_ABOVE)

    def courtesy(self, courtesy: Courtesy) -> Answer:
        specialist = self.prompt.specialist.localised(self.language)
        match courtesy:
            case "greeting":
                name = " ".join(_NOT_A_NAME.sub(" ", self.prompt.user_name[:64]).split())
                return self._with_starters(self._say("handbook-greeting", name=name))
            case "abilities":
                title, description = specialist.title, specialist.description
                return self._with_starters(self._say("handbook-abilities", title=title, description=description))
            case "thanks":
                return Answer(self._say("handbook-thanks"), 1.0)
            case "bye":
                return Answer(self._say("handbook-bye"), 1.0)

    def no_words(self) -> Answer:
        return self._listing("handbook-no-words", 0.0, self._starters())

    def _with_starters(self, lead: str) -> Answer:
        starters = self._starters()
        return Answer(f"{lead}\n\n{self._list(starters)}".rstrip(), 1.0, starters)

    def _listing(self, key: str, confidence: float, topics: Iterable[str]) -> Answer:
        shown = tuple(topics)[:_SUGGESTIONS]
        return Answer(f"{self._say(key)}\n\n{self._list(shown)}".rstrip(), confidence, shown)

    def _topics(self, found: Iterable[Found]) -> tuple[str, ...]:
        """What the hits in our language are about, best first, filled up with starters."""
        ours = (one.topic for one in found if one.native)
        return tuple(dict.fromkeys((*ours, *self._starters())))

    def _starters(self) -> tuple[str, ...]:
        return self.prompt.specialist.localised(self.language).starters[:_SUGGESTIONS]

    def _source(self, found: Found) -> str:
        hit, sure = found.hit, found.confidence
        place = f"{hit.source}#{anchor(hit.heading)}" if hit.heading else hit.source
        level = "high" if sure > _HIGH_ABOVE else "medium" if sure > _SURE_ABOVE else "low"
        return self._say(
            "handbook-source",
            document=hit.document_title,
            source=place.replace("`", ""),
            level=self._say(f"handbook-{level}"),
            percent=round(sure * 100),
        )

    def _list(self, topics: Iterable[str]) -> str:
        return "\n".join(self._say("handbook-topic", topic=topic) for topic in topics)

    def _say(self, key: str, **args: str | int) -> str:
        return self.texts.say(self.language, key, **args)


def _pieces(text: str) -> Iterator[str]:
    """`text` in groups of a few words; joined they are `text` again."""
    return (match[0] for match in _PIECE.finditer(text.strip()))
