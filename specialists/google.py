"""Google's models. Imported only where they are asked for: their SDK is an optional extra of the platform."""

from pydantic_ai.models import Model
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.google import GoogleProvider

from specialists.models import Make


def maker(api_key: str, base_url: str) -> Make:
    """Gives the model of a name; all share one client."""
    provider = GoogleProvider(api_key=api_key, base_url=base_url or None)

    def make(name: str) -> Model:
        return GoogleModel(name, provider=provider)

    return make
