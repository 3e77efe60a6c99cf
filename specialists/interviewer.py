"""What an interviewer makes of a message: where the interview goes next, and what is said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from bot.domain.reply import Prompt
from bot.domain.specialist import BriefField, Specialist
from bot.markdown.plain import literal
from bot.texts import Texts
from specialists.brief import Accepted, BriefRules, Mistake, choices, listed, question, shown
from specialists.progress import BEGINNING, SUMMARY, Progress
from specialists.ranking import is_cyrillic
from specialists.smalltalk import in_words

Word = Literal["yes", "no", "back", "skip", "cancel", "help"]

_ANSWER_CHARS = 200
_SENTENCE = re.compile(r".*?[.?!](?=\s|$)")
_LATIN = re.compile(r"[A-Za-z]")
_BOUNDS = {(True, True): "both", (True, False): "least", (False, True): "most", (False, False): "none"}
_SIGNS: Mapping[str, Word] = {"+": "yes", "👍": "yes", "-": "no", "–": "no", "—": "no", "?": "help"}


class Vocabulary:
    """The words that steer an interview, of all languages at once: who is asked in Russian may still say "ok"."""

    def __init__(self, texts: Texts) -> None:
        self._words: dict[str, Word] = {
            in_words(phrase): word
            for language in texts.languages
            for word in get_args(Word)
            for phrase in texts.say(language, f"interview-hear-{word}").split(",")
        }

    def heard(self, text: str) -> Word | None:
        """The word that `text` is, and nothing else but that word."""
        return _SIGNS.get(text.strip()) or self._words.get(in_words(text))


@dataclass(frozen=True, slots=True)
class Reply:
    progress: Progress
    text: str
    suggestions: tuple[str, ...] = ()
    """Answers that can be given by a tap."""


class Interviewer:
    """Leads one interview; knows nothing but the message and where the interview stands."""

    def __init__(self, texts: Texts, vocabulary: Vocabulary, rules: BriefRules, prompt: Prompt) -> None:
        self._texts = texts
        self._rules = rules
        self._prompt = prompt
        self._fields = {field.name: field for field in prompt.specialist.brief}
        self._word = vocabulary.heard(prompt.text)

    def hear(self, progress: Progress) -> Reply:
        """The answer to the prompt's message when the interview stands at `progress`."""
        at = self._sound(progress)
        at = replace(at, language=self._language(at), locale=self._prompt.locale)
        voice = _Voice(self._texts, self._prompt.specialist, at.language)
        if self._word == "cancel":
            nothing = Progress(language=at.language, locale=at.locale)
            return Reply(nothing, voice.say("interview-cancelled"))
        if at.at == BEGINNING:
            opening = voice.say("interview-resumed") if at.answers else voice.introduction()
            return self._next(at, voice, opening)
        if at.at == SUMMARY:
            return self._at_summary(at, voice)
        return self._at_field(at, self._fields[at.at], voice)

    def _at_field(self, at: Progress, field: BriefField, voice: "_Voice") -> Reply:
        answer = self._rules.read(field, self._prompt.text)
        # Words that steer are also short answers; where the answers are known, those win.
        if field.kind == "choice" and isinstance(answer, Accepted):
            return self._answered(at, field, answer.value, voice)
        match self._word:
            case "back":
                names = list(self._fields)
                place = names.index(field.name)
                said = [] if place else [voice.say("interview-first")]
                return self._ask(at, self._fields[names[max(place - 1, 0)]], voice, *said)
            case "help":
                return self._ask(at, field, voice, voice.say("interview-words"))
            case "skip" if at.answers.get(field.name):
                return self._next(at, voice)
            case "skip" | "no" if not field.required:
                return self._answered(at, field, "", voice)
            case "skip":
                return self._ask(at, field, voice, voice.say("interview-needed"))
        if isinstance(answer, Mistake):
            return self._ask(at, field, voice, voice.mistake(field, answer))
        return self._answered(at, field, answer.value, voice)

    def _at_summary(self, at: Progress, voice: "_Voice") -> Reply:
        names = list(self._fields)
        number = listed(self._prompt.text, len(names))
        if number is not None:
            return self._ask(at, self._fields[names[number - 1]], voice)
        match self._word:
            case "yes":
                return Reply(replace(at, complete=True), voice.saved())
            case "back":
                return self._ask(at, self._fields[names[-1]], voice)
            case "no":
                return Reply(at, voice.say("interview-which"))
        if at.complete:
            return Reply(at, voice.join(voice.summary(at, self._fields), voice.say("interview-kept")))
        opening = voice.say("interview-words") if self._word == "help" else voice.say("interview-unclear")
        return self._summed_up(at, voice, opening)

    def _answered(self, at: Progress, field: BriefField, value: str, voice: "_Voice") -> Reply:
        return self._next(replace(at, answers={**at.answers, field.name: value}), voice)

    def _next(self, at: Progress, voice: "_Voice", *said: str) -> Reply:
        """Ask for what is not answered yet; sum up when nothing is left."""
        for name, field in self._fields.items():
            if name not in at.answers:
                return self._ask(at, field, voice, *said)
        return self._summed_up(at, voice, *said)

    def _ask(self, at: Progress, field: BriefField, voice: "_Voice", *said: str) -> Reply:
        names = list(self._fields)
        asked = voice.question(field, names.index(field.name) + 1, len(names), at.answers.get(field.name, ""))
        progress = replace(at, at=field.name, complete=False)
        return Reply(progress, voice.join(*said, asked), voice.suggestions(field))

    def _summed_up(self, at: Progress, voice: "_Voice", *said: str) -> Reply:
        text = voice.join(*said, voice.summary(at, self._fields), voice.say("interview-confirm"))
        return Reply(replace(at, at=SUMMARY, complete=False), text, (voice.say("interview-word-yes"),))

    def _sound(self, progress: Progress) -> Progress:
        """`progress` as far as the brief of today allows it: its fields may have changed since."""
        said = {}
        for name, value in progress.answers.items():
            field = self._fields.get(name)
            answer = self._rules.read(field, value) if field and value else None
            if isinstance(answer, Accepted):
                said[name] = answer.value
            elif field and not value and not field.required:
                said[name] = ""
        if progress.complete:
            said |= {name: "" for name, field in self._fields.items() if not field.required and name not in said}
        is_whole = said.keys() == self._fields.keys()
        known = progress.at in self._fields or (progress.at == SUMMARY and is_whole)
        return replace(
            progress,
            answers=said,
            at=progress.at if known else BEGINNING,
            complete=progress.complete and is_whole,
        )

    def _language(self, at: Progress) -> str:
        """The language of the interview; what a person writes in it may be quoted in another."""
        text = self._prompt.text
        if is_cyrillic(text) and not any(_is_latin_prose(answer) for answer in self._own_words(at)):
            return self._texts.match("ru")
        if at.language and at.locale == self._prompt.locale:
            return at.language
        own = self._texts.match(self._prompt.locale)
        return self._texts.match("en") if own == "ru" and _is_latin_prose(text) else own

    def _own_words(self, at: Progress) -> Sequence[str]:
        return [answer for name, answer in at.answers.items() if self._fields[name].kind == "text"]


@dataclass(frozen=True, slots=True)
class _Voice:
    """Puts an interview into words, in one language."""

    texts: Texts
    specialist: Specialist
    language: str

    def say(self, key: str, **args: str | int) -> str:
        return self.texts.say(self.language, key, **args)

    def introduction(self) -> str:
        title = self.specialist.localised(self.language).title
        opening = self.say("interview-intro", title=title, count=len(self.specialist.brief))
        return self.join(opening, self._price(), self.say("interview-words"))

    def question(self, field: BriefField, number: int, count: int, answer: str) -> str:
        asked = question(field, self.language)
        labels = choices(field, self.language)
        listing = "\n".join(f"{place}. {label}" for place, label in enumerate(labels, 1))
        hint = ""
        if answer:
            hint = self.say("interview-current", answer=self._brief(field, answer))
        elif not field.required:
            hint = self.say("interview-optional")
        return self.join(self.say("interview-question", number=number, count=count, question=asked), listing, hint)

    def mistake(self, field: BriefField, mistake: Mistake) -> str:
        match mistake.reason:
            case "empty":
                return self.say("interview-wrong-empty")
            case "long":
                return self.say("interview-wrong-long", limit=field.max_chars)
            case "choice":
                return self.say("interview-wrong-choice", count=len(choices(field, self.language)))
            case "number":
                return self.say("interview-wrong-number")
            case "range":
                bounds = _BOUNDS[field.least is not None, field.most is not None]
                least, most = _plain(field.least), _plain(field.most)
                return self.say("interview-wrong-range", bounds=bounds, least=least, most=most)

    def summary(self, at: Progress, fields: Mapping[str, BriefField]) -> str:
        lines = [
            self.say(
                "interview-line",
                number=number,
                question=_headline(question(field, self.language)),
                answer=self._brief(field, at.answers.get(name, "")) or self.say("interview-none"),
            )
            for number, (name, field) in enumerate(fields.items(), 1)
        ]
        return self.join(self.say("interview-summary"), "\n".join(lines))

    def saved(self) -> str:
        return self.join(self.say("interview-saved"), self._price(), self.say("interview-kept"))

    def suggestions(self, field: BriefField) -> tuple[str, ...]:
        skip = () if field.required else (self.say("interview-word-skip"),)
        return (*choices(field, self.language), *skip)

    def join(self, *parts: str) -> str:
        return "\n\n".join(part for part in parts if part)

    def _price(self) -> str:
        return self.say("interview-price", price=self.specialist.price) if self.specialist.price else ""

    def _brief(self, field: BriefField, answer: str) -> str:
        """An answer in a line, as it stands, whatever markup is in it."""
        line = " ".join(shown(field, answer, self.language).split())
        return literal(line if len(line) <= _ANSWER_CHARS else f"{line[:_ANSWER_CHARS].rstrip()}…")


def _is_latin_prose(text: str) -> bool:
    """More than a name or two in Latin letters, and nothing in Cyrillic."""
    return len(text.split()) > 2 and _LATIN.search(text) is not None and not is_cyrillic(text)


def _headline(asked: str) -> str:
    """The first sentence of a question, which the others only explain."""
    found = _SENTENCE.match(asked)
    return found[0] if found else asked


def _plain(bound: float | None) -> str:
    return "" if bound is None else f"{bound:.15g}"
