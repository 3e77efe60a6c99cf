"""`transfer_to`: another specialist goes on with this turn."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, create_model

from bot.domain.errors import Refused
from bot.domain.reply import Handover
from bot.domain.specialist import Specialist
from specialists.tools.call import Audience, Call
from specialists.tools.tool import Arguments, Result, tool

_REASON = "One sentence for your colleague: what the user wants and what is known already."


def _others(call: Call | Audience) -> list[Specialist]:
    return [specialist for specialist in call.team if specialist.name != call.specialist.name]


def _has_others(call: Call) -> bool:
    return bool(_others(call))


def _to_whom(call: Audience) -> type[BaseModel]:
    """The names as a closed list, so that a model cannot make one up."""
    others = _others(call)
    names = tuple(specialist.name for specialist in others)
    who = "\n".join(f"- {specialist.name}: {specialist.description}" for specialist in others)
    return create_model(
        "transfer_to",
        __base__=Arguments,
        specialist=(Annotated[Literal[names], Field(description=f"Who takes over:\n{who}")], ...),
        reason=(Annotated[str, Field(description=_REASON, min_length=1, max_length=400)], ...),
    )


@tool(offered=_has_others, arguments=_to_whom)
async def transfer_to(call: Call, specialist: str, reason: str) -> Result:
    """Hand this conversation over to another specialist, who answers the user right away.

    Use it when the question belongs to a colleague's work rather than yours, or the user asks for them. Write nothing
    after it; the user is told who takes over.
    """
    if call.signals.handover is not None:
        raise Refused("The conversation is handed over already. Write nothing more.")
    call.signals.handover = Handover(specialist, reason)
    return {"takes_over": specialist, "you": "Write nothing more."}
