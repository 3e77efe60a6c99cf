"""One call of one tool, from its start to what the model is told, whatever happens."""

import logging
import traceback
from collections.abc import Awaitable

from pydantic_ai.exceptions import ToolFailed

from bot.domain.errors import Refused, StorageError
from bot.domain.ports import Clock
from specialists.enclosed import on_one_line
from specialists.tools.call import within
from specialists.tools.framing import Data, framed

_BROKEN = "The tool failed for a reason of its own. Do not call it again in this reply; go on without it and say so."
_AWAY = "The tool cannot reach what it needs at the moment. Go on without it and tell the user to try again later."

logger = logging.getLogger(__name__)


async def outcome(
    work: Awaitable[Data],
    *,
    name: str,
    turn: int,
    clock: Clock,
    timeout_seconds: float,
    output_chars: int,
) -> str:
    """The result of `work`, framed for a model. ToolFailed for every failure, in words that show nothing of our inside.

    The log gets the place in the code and the kind of error, not its words: those may be a user's.
    """
    try:
        return framed(await within(clock, timeout_seconds, work), output_chars)
    except ToolFailed:
        raise
    except Refused as refusal:
        raise ToolFailed(on_one_line(refusal.detail) or "This cannot be done.") from refusal
    except TimeoutError as error:
        logger.warning("tool %s of turn %s took longer than %s s", name, turn, timeout_seconds)
        raise ToolFailed(
            f"The tool took longer than {timeout_seconds:g} s and was stopped. Go on without it."
        ) from error
    except StorageError as error:
        logger.warning("tool %s of turn %s: the database did not answer", name, turn)
        raise ToolFailed(_AWAY) from error
    except Exception as error:
        kind = type(error).__name__
        logger.error("tool %s of turn %s failed: %s at %s", name, turn, kind, _where(error))
        raise ToolFailed(_BROKEN) from error


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
