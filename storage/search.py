"""Full-text search over what a user and the specialists said to each other.

Each database has an index of its own over the words of messages (made by the migration). Words are looked for by the
beginnings that their forms have in common, so that "билета" finds "билеты" and "cities" finds "city".
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from bot.domain.thread import Message, Thread
from storage.said import is_newest, message_of
from storage.stems import Stemmer, folded_words
from storage.tables import messages, threads, turns
from storage.threads import thread_of
from storage.wire import Wire

MOST_WORDS = 32
SNIPPET_CHARS = 160
SHORTEST_BEGINNING = 3

ACCENTS = dict.fromkeys((*range(0x300, 0x30D), 0x31B, 0x323, 0x327, 0x328))
SIGNS = "-./:@+<&~"
"""PostgreSQL would make one word of several around these."""

# The expression of the index, to the letter; anything else would read the whole table.
WORDS: ColumnElement[Any] = literal_column(
    "to_tsvector('simple', normalize(translate(normalize(left(messages.text, 200000), NFKD), "
    f"'{SIGNS}{''.join(map(chr, ACCENTS))}', '{' ' * len(SIGNS)}'), NFC))",
    TSVECTOR,
)
BY_LENGTH = 1
"""Of `ts_rank`: a word weighs less in a longer text."""
MOST_RANKED = 500

_LEAD_CHARS = 60
_NEARBY_CHARS = 20
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Found:
    thread: Thread
    message: Message
    snippet: str
    """One line of at most 160 characters around the first word that was looked for."""


@dataclass(frozen=True, slots=True)
class _Beginnings:
    """How the forms of one word may begin; a word of one or two letters is meant as it is."""

    ways: tuple[str, ...]
    whole: bool

    @classmethod
    def of(cls, word: str, stem: str) -> "_Beginnings":
        if len(word) < SHORTEST_BEGINNING:
            return cls((_plain(word),), whole=True)
        ways = dict.fromkeys(map(_plain, (stem, word, *_other_forms(stem))))
        return cls(tuple(way for way in ways if not any(way != one and way.startswith(one) for one in ways)), False)

    def fit(self, word: str) -> bool:
        return word in self.ways if self.whole else word.startswith(self.ways)


class Search:
    def __init__(self, wire: Wire, stemmer: Stemmer) -> None:
        self._wire = wire
        self._stemmer = stemmer

    async def messages(
        self, user_id: int, query: str, *, limit: int = 10, before_turn: int | None = None
    ) -> list[Found]:
        """The best first, of equally good ones the newest; from all threads of the user's, archived ones included,
        and from shared ones, whoever began them, what the user asked there and was answered.

        Messages with all words of the query, or, when there are none, with any. Replies count in their newest version.
        `before_turn` leaves out that turn and all later ones. No query is an error; one without words finds nothing.
        """
        asked = self._asked(query)
        if not asked or limit <= 0:
            return []
        rows = await self._rows(user_id, asked, limit, before_turn, every=True)
        if not rows and len(asked) > 1:
            rows = await self._rows(user_id, asked, limit, before_turn, every=False)
        if not rows:
            return []
        theirs = select(threads).where(threads.c.id.in_({row.thread_id for row in rows}))
        by_id = {row.id: thread_of(row) for row in await self._wire.rows(theirs)}
        return [Found(by_id[row.thread_id], message_of(row), snippet(row.text, asked)) for row in rows]

    def _asked(self, query: str) -> list[_Beginnings]:
        words = list(dict.fromkeys(folded_words(query)))
        telling = [word for word in words if self._stemmer.says_something(word)] or words
        return [_Beginnings.of(word, self._stemmer.stem(word)) for word in telling[:MOST_WORDS]]

    async def _rows(
        self, user_id: int, asked: Sequence[_Beginnings], limit: int, before_turn: int | None, *, every: bool
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        is_theirs = exists().where(turns.c.id == messages.c.turn_id, turns.c.asker_id == user_id)
        alone = and_(threads.c.user_id == user_id, ~threads.c.shared)
        where = and_(or_(alone, and_(threads.c.shared, is_theirs)), is_newest())
        if before_turn is not None:
            where = and_(where, messages.c.turn_id < before_turn)
        match self._wire.dialect:
            case "sqlite":
                found = _on_sqlite(asked, where, every=every)
            case "postgresql":
                found = _on_postgresql(asked, where, every=every)
        return await self._wire.rows(found.limit(limit))


def snippet(said: str, asked: Sequence[_Beginnings]) -> str:
    """See `Found.snippet`; the beginning of the text where no word is found."""
    line = " ".join(said.split())
    if len(line) <= SNIPPET_CHARS:
        return line
    hits = (word.start() for word in _WORD.finditer(line) if _is_asked(word.group(), asked))
    start = max(0, next(hits, 0) - _LEAD_CHARS)
    if start > 0:
        start = _word_start(line, start)
    end = len(line)
    if end - start > SNIPPET_CHARS - (start > 0):
        end = start + SNIPPET_CHARS - 1 - (start > 0)
        end = max(line.rfind(" ", end - _NEARBY_CHARS, end + 1), 0) or end
    return ("…" if start else "") + line[start:end].strip() + ("…" if end < len(line) else "")


def _word_start(line: str, at: int) -> int:
    """Of the next word nearby, or `at` itself."""
    space = line.find(" ", at, at + _NEARBY_CHARS)
    return at if space < 0 else space + 1


def _is_asked(word: str, asked: Sequence[_Beginnings]) -> bool:
    folded = [_plain(part) for part in folded_words(word)]
    return any(one.fit(part) for part in folded for one in asked)


def _other_forms(stem: str) -> tuple[str, ...]:
    """The stemmer writes some ends of English words as no form of them does: `citi` for city, `make` for making."""
    if not stem.isascii() or len(stem) <= SHORTEST_BEGINNING:
        return ()
    if stem.endswith("i"):
        return (f"{stem[:-1]}y",)
    if stem.endswith("e"):
        return (f"{stem[:-1]}ing",)
    return ()


def _plain(word: str) -> str:
    """Without accents, as the indexes hold it."""
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", word).translate(ACCENTS))


def _on_sqlite(asked: Sequence[_Beginnings], where: ColumnElement[bool], *, every: bool) -> Select[*tuple[Any, ...]]:
    """`where` is about messages and their threads."""
    words = ["(" + " OR ".join(f'"{way}"{"" if one.whole else " *"}' for way in one.ways) + ")" for one in asked]
    query = (" AND " if every else " OR ").join(words)
    index = table("message_index", column("rowid"), column("rank"))
    found = select(messages).join(index, index.c.rowid == messages.c.id).join(threads)
    matching = text("message_index MATCH :asked").bindparams(asked=query)
    return found.where(matching, where).order_by(index.c.rank, messages.c.id.desc())


def _on_postgresql(
    asked: Sequence[_Beginnings], where: ColumnElement[bool], *, every: bool
) -> Select[*tuple[Any, ...]]:
    """A rank costs as much as indexing the message again, so only the newest are ranked."""
    words = ["(" + " | ".join(f"'{way}'{'' if one.whole else ':*'}" for way in one.ways) + ")" for one in asked]
    query = cast(literal((" & " if every else " | ").join(words)), TSQUERY)
    matching = select(messages.c.id).join(threads).where(WORDS.bool_op("@@")(query), where)
    newest = matching.order_by(messages.c.id.desc()).limit(MOST_RANKED)
    rank = func.ts_rank(WORDS, query, BY_LENGTH)
    return select(messages).where(messages.c.id.in_(newest)).order_by(rank.desc(), messages.c.id.desc())
