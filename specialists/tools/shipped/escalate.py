"""`escalate`: a human is asked for."""

from typing import Annotated

from pydantic import Field

from specialists.tools.call import Call
from specialists.tools.tool import Result, tool, where_acting

_REASON = "One sentence for the operator: what the user needs and why a human should see it."


@tool(offered=where_acting)
async def escalate(
    call: Call, reason: Annotated[str, Field(description=_REASON, min_length=1, max_length=500)]
) -> Result:
    """Ask a human operator to look at this conversation.

    Use it when the user asks for a human, when there is danger to anyone, or when you cannot help and a human could.
    """
    await call.acting().escalate(reason)
    return {
        "recorded": True,
        "tell_the_user": "A human has been asked to look at this conversation. Nobody has answered yet and it is not "
        "known when they will: promise no time. Meanwhile you can go on helping.",
    }
