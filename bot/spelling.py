"""Our commands in our own sentences, as they are written in each place."""

import re

from bot.commands.names import NAMES
from bot.courier import Courier
from bot.domain.place import Place

_COMMAND = re.compile(r"(?<![\w/.:])/([a-z_]+)\b")


def spelled(courier: Courier, place: Place, text: str) -> str:
    """`text` of ours, in which `/name` of a command reads as one writes it at `place`."""
    return _COMMAND.sub(lambda found: courier.spelled(place, found[1]) if found[1] in NAMES else found[0], text)
