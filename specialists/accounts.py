"""What one reply took, model by model."""

from dataclasses import dataclass, field

from pydantic_ai.messages import ModelResponse
from pydantic_ai.usage import RequestUsage

from bot.domain.reply import Usage
from specialists.conversation import texts
from specialists.memory import rough_tokens
from specialists.prices import total, usage


@dataclass(slots=True)
class Account:
    """Of one specialist's share of a reply."""

    specialist: str
    _by_model: dict[str, Usage] = field(default_factory=dict, init=False)

    @property
    def usages(self) -> tuple[Usage, ...]:
        """One for each model that took part, in the order in which they did."""
        return tuple(self._by_model.values())

    def expected(self, name: str, input_tokens: int) -> Usage:
        """What a request will take at least."""
        return usage(name, RequestUsage(input_tokens=input_tokens), specialist=self.specialist, estimated=True)

    def add(self, name: str, response: ModelResponse | None, input_tokens: int, *, whole: bool) -> None:
        """Book a request to the model `name`: what the provider counted where it did, else an estimate.

        `input_tokens` is the estimate of the input; `whole` says that the response came to its end, as its count of
        the output does not before.
        """
        taken = response.usage if response is not None else RequestUsage()
        told = taken.input_tokens > 0 or taken.output_tokens > 0
        if not (whole and told):
            written = sum(map(rough_tokens, texts(response.parts))) if response is not None else 0
            taken = RequestUsage(
                input_tokens=taken.input_tokens or input_tokens,
                cache_read_tokens=taken.cache_read_tokens,
                cache_write_tokens=taken.cache_write_tokens,
                output_tokens=max(written, taken.output_tokens),
            )
        one = usage(name, taken, specialist=self.specialist, estimated=not (whole and told))
        before = self._by_model.get(name)
        self._by_model[name] = one if before is None else total(before, one)
