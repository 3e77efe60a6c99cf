"""`search_files`: full text over the documents of this conversation."""

from typing import Annotated

from pydantic import Field, JsonValue

from specialists.citing import cited, mark
from specialists.excerpts import excerpt
from specialists.shelf import listed, which
from specialists.tools.call import Call
from specialists.tools.documents import FILE, where_documents
from specialists.tools.tool import Result, tool
from storage.stems import Stemmer

_EXCERPT_CHARS = 1_200


@tool(offered=where_documents, for_everybody=True, output_chars=12_000)
async def search_files(
    call: Call,
    query: Annotated[str, Field(description="A few words that the place should contain.", max_length=400)],
    file: Annotated[str, Field(description=f"To search in one file only. {FILE}", max_length=200)] = "",
    limit: Annotated[int, Field(description="How many places.", ge=1, le=8)] = 5,
) -> Result:
    """Search the text of the files of this conversation. Use it for what stands in a long or an earlier file.

    Name `cite` for whatever your answer takes from a place. Read on around a place with `read_file`. When nothing is
    found, try other words once, in the language of the file; then say that the file does not tell.
    """
    within = which(call.documents, file) if file.strip() else None
    async with call.store.begin() as tx:
        hits = await tx.uploads.search(
            call.thread, query, upload=within.upload if within else None, locale=call.locale, limit=limit
        )
    known = {document.upload: document for document in call.documents}
    asked = frozenset(Stemmer().stems(query))
    found: list[JsonValue] = [
        {
            "cite": cited(hit.upload.name, mark(hit.kind, hit.number, hit.name)),
            "file": hit.upload.id,
            "words_found": f"{hit.coverage:.0%}",
            "text": excerpt(hit.text, asked, _EXCERPT_CHARS),
        }
        for hit in hits
        if hit.upload.id in known
    ]
    return found or f"Nothing was found in {within.name if within else listed(call.documents)}."
