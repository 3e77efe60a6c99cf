"""Which methods of the Web API the emulator carries out, by name."""

from adapters.slack.emulator.methods import (
    conversations,
    files,
    messages,
    people,
    reactions,
    sessions,
    streams,
    surfaces,
)
from adapters.slack.emulator.request import Method

_MODULES = (conversations, files, messages, people, reactions, sessions, streams, surfaces)


def implemented_methods() -> dict[str, Method]:
    return {method.name: method for module in _MODULES for method in module.METHODS}
