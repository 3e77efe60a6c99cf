"""`search_my_threads`: full text over the user's own conversations."""

from typing import Annotated

from pydantic import Field, JsonValue

from specialists.tools.call import Call
from specialists.tools.tool import Result, tool


@tool()
async def search_my_threads(
    call: Call,
    query: Annotated[str, Field(description="Words that were said then.", max_length=400)],
    limit: Annotated[int, Field(description="How many places.", ge=1, le=10)] = 5,
) -> Result:
    """Search what was said earlier in this user's own conversations, with whichever specialist.

    Use it when the user refers to something that is not in the conversation you see.
    """
    async with call.store.begin() as tx:
        places = await tx.search.messages(call.user, query, limit=limit, before_turn=call.turn or None)
    found: list[JsonValue] = [
        {
            "conversation": place.thread.title,
            "is_this_one": place.thread.id == call.thread,
            "said_by": "the user" if place.message.role == "user" else "a specialist",
            "at": place.message.created_at.isoformat(timespec="minutes"),
            "text": place.snippet,
        }
        for place in places
    ]
    return found or "Nothing was found in the user's conversations."
