"""A small team that is not the shipped one, and a model that decides what a test tells it to."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import TypeAdapter

from bot.domain.reply import Usage, Utterance
from bot.domain.specialist import Specialist, Translation
from specialists.router import Ambiguous, Question, Routed, Router
from storage.stems import Stemmer
from tests.fakes.clock import ManualClock

Form = TypeVar("Form")
USAGE = Usage("acme", "small", input_tokens=300, output_tokens=20)

HOST = Specialist(
    name="host",
    title="Host",
    description="Welcomes visitors of the harbour and tells who does what.",
    instructions="Welcome.",
    examples=("Who works here?", "Where can I leave my bag?", "Кто здесь работает?"),
    translations=(Translation("ru", "Хозяин", "Встречает гостей гавани."),),
)
COOK = Specialist(
    name="cook",
    title="Ship's cook",
    description="Prepares meals and knows recipes for soup and bread.",
    instructions="Cook.",
    vocabulary=("soup", "суп"),
    examples=("Make a soup for six", "A recipe for rye bread", "Fry some fresh fish", "Сварите суп", "Рецепт хлеба"),
    starters=("What is for supper?",),
    translations=(Translation("ru", "Кок", "Готовит еду: суп и хлеб.", ("Что на ужин?",)),),
)
GARDENER = Specialist(
    name="gardener",
    title="Gardener",
    description="Grows tomatoes, herbs and roses, and helps plants that are ill.",
    instructions="Grow.",
    examples=("My tomatoes have spots", "When do I prune roses?", "Plant herbs", "Когда обрезать розы?"),
    translations=(Translation("ru", "Садовник", "Выращивает помидоры, травы и розы."),),
)
SAILOR = Specialist(
    name="sailor",
    title="Sailor",
    description="Ties knots, reads charts of the sea and mends sails.",
    instructions="Sail.",
    examples=(
        "Tie a bowline knot",
        "Mend a torn sail",
        "Catch some fresh fish",
        "Завяжите морской узел",
        "Зашейте парус",
    ),
    translations=(Translation("ru", "Матрос", "Вяжет узлы и чинит паруса."),),
)
CREW = (HOST, COOK, GARDENER, SAILOR)


@dataclass
class Model:
    """Answers with `verdict`, after it was released when it has to wait, or raises `error`."""

    verdict: dict[str, object] = field(default_factory=dict)
    error: Exception | None = None
    waits: asyncio.Event | None = None
    usage: Usage = USAGE
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    forms: list[type[object]] = field(default_factory=list)
    dropped: int = 0
    """Questions that were given up before there was an answer."""

    async def ask(self, instructions: str, text: str, form: type[Form], /) -> tuple[Form, Usage]:
        self.asked.append((instructions, json.loads(text)))
        self.forms.append(form)
        if self.waits is not None:
            try:
                await self.waits.wait()
            except asyncio.CancelledError:
                self.dropped += 1
                raise
        if self.error is not None:
            raise self.error
        return TypeAdapter(form).validate_python(self.verdict), self.usage


def verdict(specialist: str, confidence: float, second: str | None = None) -> dict[str, object]:
    return {"specialist": specialist, "confidence": confidence, "second": second}


def router(model: Model | None = None, clock: ManualClock | None = None) -> Router:
    ask = None if model is None else model.ask
    return Router(lambda: CREW, ask=ask, stemmer=Stemmer(), clock=clock or ManualClock())


def stems(text: str) -> str:
    """As a choice is remembered."""
    return " ".join(Stemmer().stems(text))


async def routed(
    text: str,
    *,
    model: Model | None = None,
    chosen: tuple[tuple[str, str], ...] = (),
    history: tuple[Utterance, ...] = (),
) -> Routed | Ambiguous:
    """`chosen`: (specialist, what the user had said), the newest first."""
    examples = tuple((specialist, stems(said)) for specialist, said in chosen)
    return await router(model).route(Question(text, "en", history, examples))


async def goes_to(text: str, *, model: Model | None = None, chosen: tuple[tuple[str, str], ...] = ()) -> str:
    """The one it goes to, or both with a slash between them when the user is asked."""
    result = await routed(text, model=model, chosen=chosen)
    return result.specialist if isinstance(result, Routed) else f"{result.first}/{result.second}"
