"""A stage on which speech is understood: by an emulated provider, or by nobody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from specialists.emulator import ModelEmulator
from tests.stories.stage import Stage

EAR = "openai:gpt-4o-mini-transcribe"


@asynccontextmanager
async def listening(stage: Stage, *said: str) -> AsyncIterator[ModelEmulator]:
    """What is spoken is understood as the next of `said`, from the next process on; then always as the last."""
    left = list(said)
    async with ModelEmulator(clock=stage.clock) as models:
        models.hear = lambda _: left.pop(0) if len(left) > 1 else left[0]
        chosen = {
            "transcribe_model": EAR,
            "transcribe_base_url": models.openai_url,
            "transcribe_api_key": SecretStr("any"),
        }
        stage.settings = stage.settings.model_copy(update=chosen)
        yield models
