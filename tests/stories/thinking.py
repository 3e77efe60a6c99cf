"""Emulated model providers for a stage whose specialists think for themselves."""

from typing import Any

from pydantic import SecretStr

from specialists.emulator import Asked, Call, ModelEmulator, Say, Script, Used
from tests.stories.stage import Stage

MAIN = "openai-chat:gpt-5.4"
SPARE = "anthropic:claude-sonnet-5-5"


class Cast:
    """Emulated providers that answer routing, titles and summaries by themselves; replies are scripted."""

    def __init__(self, models: ModelEmulator) -> None:
        self.models = models
        self.routes: dict[str, str] = {}
        """Words in a message → the specialist that the routing model chooses for it."""
        self.replies: list[Script] = []
        models.choose = self._choose

    @property
    def asked(self) -> list[Asked]:
        """The requests for replies."""
        return [asked for asked in self.models.asked if not asked.forced]

    def then(self, *steps: Any) -> None:
        self.replies.append(steps)

    def _choose(self, asked: Asked) -> Script:
        if not asked.forced:
            return self.replies.pop(0) if self.replies else (Say("All right."), Used(100, 5))
        (tool,) = asked.forced
        return (Call(tool, self._form(asked)), Used(50, 10))

    def _form(self, asked: Asked) -> dict[str, object]:
        schema = next(one for one in asked.body["tools"])["function"]["parameters"]["properties"]
        said = asked.messages[-1][1]
        if "specialist" in schema:
            chosen = next((name for words, name in self.routes.items() if words in said), "concierge")
            return {"specialist": chosen, "confidence": 0.9, "second": None}
        if "title" in schema:
            return {"title": "A fine title"}
        return {"summary": f"They spoke about {len(said)} characters of things."}


def thinking(stage: Stage, models: ModelEmulator, **settings: object) -> Cast:
    """Let `models` think for the platform, from the next process on."""
    stage.thinks = True
    chosen = {
        "default_model": MAIN,
        "fallback_models": (SPARE,),
        "openai_api_key": SecretStr("any"),
        "openai_base_url": models.openai_url,
        "anthropic_api_key": SecretStr("any"),
        "anthropic_base_url": models.anthropic_url,
    }
    stage.settings = stage.settings.model_copy(update=chosen | settings)
    return Cast(models)
