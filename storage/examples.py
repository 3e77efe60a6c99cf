"""What users chose when the router was in doubt: it finds the same specialist for such words next time."""

from sqlalchemy import bindparam, delete, insert, select

from storage.tables import examples
from storage.types import NOW
from storage.wire import Wire

MOST_EXAMPLES = 200

_OF_USER = examples.c.user_id == bindparam("user")
NEWEST = (
    select(examples.c.specialist, examples.c.stems).where(_OF_USER).order_by(examples.c.id.desc()).limit(MOST_EXAMPLES)
)
ADD = insert(examples).values(created_at=NOW)
_FIRST_TOO_OLD = (
    select(examples.c.id)
    .where(_OF_USER)
    .order_by(examples.c.id.desc())
    .offset(MOST_EXAMPLES)
    .limit(1)
    .scalar_subquery()
)
DROP_OLD = delete(examples).where(_OF_USER, examples.c.id <= _FIRST_TOO_OLD)


class Examples:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def add(self, user_id: int, specialist: str, stems: str, *, turn_id: int = 0) -> None:
        """`stems` are those of the user's words in the turn, separated by spaces; the newest 200 are kept. They go with
        the words."""
        example = {"user_id": user_id, "specialist": specialist, "stems": stems, "turn_id": turn_id}
        await self._wire.count(ADD, example)
        await self._wire.count(DROP_OLD, {"user": user_id})

    async def of(self, user_id: int) -> list[tuple[str, str]]:
        """(specialist, stems), newest first."""
        return [(row.specialist, row.stems) for row in await self._wire.rows(NEWEST, {"user": user_id})]
