"""What of a thread a model is given word for word, and when the older part should be summed up. Pure arithmetic."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice

from bot.domain.reply import Utterance

_TOKEN = re.compile(
    r"[A-Za-z]{1,7}(?![A-Za-z])|[A-Za-z]{5}"
    r"|[\u0400-\u04ff]{1,3}"
    r"|[ \t]*(?:\r?\n[ \t]*)+"
    r"|[ \t]{2,16}"
    r"|[!-/:-@\[-`{-~]{1,2}"
    r"|[0-9]{1,3}"
    r"|[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]"
    r"|[^\W\d_]{1,2}"
    r"|[^ \t]"
)
"""One match is one token; a single space goes with the word behind it."""

_UTTERANCE_TOKENS = 4
"""What a message takes besides its text."""
_CUT = " […] "
_FULL = 0.75
"""Share of the window at which the older part is summed up: before anything has to be left out."""
_AFTER_CUT = 0.25
_LONGEST = 0.5
"""Share of the window that one utterance may take; of a longer one the beginning and the end are kept."""


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` is to a model; no tokenizer of any provider is asked, and no network.

    The rules follow how byte-pair vocabularies cut text: a plain English word is one token and a long one one more
    for every five letters, Russian words take one for three letters, a Chinese, Japanese or Korean character takes
    one, three digits take one, punctuation (so code) one for two marks, a line break one. Providers differ by a third
    among themselves. On the samples with published counts that the tests hold, the estimate is within 0.7 and 1.6
    times the count; on prose it is meant to be rather too high, as what it guards is a limit.
    """
    return len(_TOKEN.findall(text))


def rough_tokens(text: str) -> int:
    """The same, a hundred times faster and off by half either way: for accounts of what nobody counted."""
    return -(-len(text.encode("utf-8", "replace")) // 4)


@dataclass(frozen=True, slots=True)
class Window:
    """How much of a thread a model is given, whatever the thread's length."""

    messages: int = 40
    tokens: int = 8_000

    def fitting(self, history: Sequence[Utterance]) -> tuple[Utterance, ...]:
        """The newest utterances that fit, oldest first, never starting with one of the assistant.

        A single utterance that would take more than half of the window loses its middle.
        """
        newest = [self._shortened(utterance) for utterance in history[-self.messages :]] if self.messages > 0 else []
        kept = _kept(newest, self.tokens)
        return tuple(_from_user(newest[len(newest) - kept :]))

    def cut(self, history: Sequence[Utterance]) -> int:
        """How many of the oldest should be summed up now: 0 until the window is three quarters full.

        Then so many that at most a quarter stays in use, and what stays begins with an utterance of the user. As the
        summary moves in steps and not with every turn, the beginning of what a model reads is the same for many turns,
        and providers' prompt caches hit.
        """
        costs = [_cost(self._shortened(utterance)) for utterance in history]
        if len(costs) <= self.messages * _FULL and sum(costs) <= self.tokens * _FULL:
            return 0
        most = min(len(history), max(int(self.messages * _AFTER_CUT), 1))
        stays = sum(1 for total in accumulate(reversed(costs[-most:])) if total <= self.tokens * _AFTER_CUT)
        first = len(history) - stays
        while first < len(history) and history[first].role == "assistant":
            first += 1
        return first

    def _shortened(self, utterance: Utterance) -> Utterance:
        room = max(int(self.tokens * _LONGEST) - _UTTERANCE_TOKENS, 0)
        if len(utterance.text) <= room or _cost(utterance) <= room + _UTTERANCE_TOKENS:
            return utterance
        return replace(utterance, text=shortened(utterance.text, room))


def shortened(text: str, tokens: int) -> str:
    """`text` without its middle, so that it takes at most about `tokens`; itself when it fits."""
    if estimate_tokens(text) <= tokens:
        return text
    room = max(tokens - estimate_tokens(_CUT), 0)
    half = _prefix(text, room // 2)
    return f"{text[:half].rstrip()}{_CUT}{text[len(text) - _prefix(text[::-1], room // 2) :].lstrip()}"


def _prefix(text: str, tokens: int) -> int:
    """Length of the longest beginning of `text` that takes at most `tokens`."""
    beyond = next(islice(_TOKEN.finditer(text), tokens, None), None)
    return len(text) if beyond is None else beyond.start()


def _kept(utterances: Sequence[Utterance], tokens: int) -> int:
    """How many of the newest fit into `tokens`."""
    totals = accumulate(_cost(utterance) for utterance in reversed(utterances))
    return sum(1 for total in totals if total <= tokens)


def _cost(utterance: Utterance) -> int:
    return estimate_tokens(utterance.text) + _UTTERANCE_TOKENS


def _from_user(utterances: Iterable[Utterance]) -> list[Utterance]:
    kept = list(utterances)
    while kept and kept[0].role == "assistant":
        kept.pop(0)
    return kept
