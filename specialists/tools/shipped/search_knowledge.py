"""`search_knowledge`: full text over the collections of the specialist."""

from typing import Annotated

from pydantic import Field, JsonValue

from specialists.passages import anchor
from specialists.tools.call import Call
from specialists.tools.tool import Result, tool
from storage.knowledge import Hit

_NOTHING = "Nothing was found. Other words may help; otherwise say that it is not known."


def _has_collections(call: Call) -> bool:
    return bool(call.collections)


@tool(offered=_has_collections, output_chars=9_000)
async def search_knowledge(
    call: Call,
    query: Annotated[str, Field(description="A few words that the passage should contain.", max_length=400)],
    limit: Annotated[int, Field(description="How many passages.", ge=1, le=8)] = 5,
) -> Result:
    """Search the knowledge base by full text. Use it before you answer about this service or its documents.

    Cite the `source` of each passage your answer rests on. When nothing is found, say so; do not answer from memory.
    """
    async with call.store.begin() as tx:
        hits = await tx.knowledge.search(query, call.collections, locale=call.locale, limit=limit)
    return [_told(hit) for hit in hits] or _NOTHING


def _told(hit: Hit) -> JsonValue:
    return {
        "document": hit.document_title,
        "section": hit.heading,
        "source": f"{hit.source}#{anchor(hit.heading)}" if hit.heading else hit.source,
        "words_found": f"{hit.coverage:.0%}",
        "text": hit.text,
    }
