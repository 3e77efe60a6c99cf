"""What the tools over a thread's documents have in common."""

from pydantic import JsonValue

from bot.domain.media import Document
from specialists.tools.call import Call

FILE = "Its number, or its name as the user knows it. May be left out when there is only one."


def where_documents(call: Call) -> bool:
    """Only where the thread has something to look into."""
    return bool(call.documents)


def where_sheets(call: Call) -> bool:
    """Only where one of them is a spreadsheet or a table."""
    return any(document.part_kind == "sheet" for document in call.documents)


def cut_short(document: Document) -> dict[str, JsonValue]:
    """What is said with every result of a document that was longer than is read."""
    return {"note": "The file was longer than is read here; its end is missing."} if document.is_cut else {}
