"""Files out: uploaded in three steps by the SDK, and then looked up, as no step tells which message shows them."""

from collections.abc import Mapping
from typing import Any

from adapters.slack.client import Client
from adapters.slack.finding import Search, marked_name
from adapters.slack.markup import spoken
from bot.domain.errors import Ambiguous, MessengerError
from bot.domain.messenger import File, Outgoing
from bot.domain.place import Place, Ref
from bot.markdown.pages import paginate

_CAPTION_CHARS = 4_000


class Uploads:
    """Shares files in channels (docs.slack.dev/reference/methods/files.completeUploadExternal)."""

    def __init__(self, client: Client, search: Search) -> None:
        self._client = client
        self._search = search

    async def send(self, place: Place, outgoing: Outgoing, file: File) -> Ref:
        """The message that shows the file. MessengerError; `Ambiguous` also when it is shown somewhere unknown."""
        caption = _caption(outgoing.text)
        since = self._search.now()
        answer = await self._client.call(
            place.workspace,
            lambda web: web.files_upload_v2(
                filename=file.name,
                content=file.content,
                title=file.name,
                alt_txt=marked_name(file, outgoing.mark),
                channel=place.chat,
                thread_ts=place.topic or None,
                initial_comment=caption,
            ),
            repeatable=False,
        )
        uploaded = next(iter(answer.get("files") or ()), None)
        identity = str(uploaded.get("id") or "") if isinstance(uploaded, dict) else ""
        try:
            shown = await self._shown(place, identity) or await self._search.file(place, since, identity)
        except MessengerError as trouble:
            # The upload itself went well; whatever failed since must not make anybody upload it again unseen.
            raise Ambiguous(f"uploaded, and then {type(trouble).__name__}") from None
        if not shown:
            raise Ambiguous("uploaded, and not seen in the channel yet")
        return Ref(place, shown)

    async def _shown(self, place: Place, identity: str) -> str:
        answer = await self._client.call(place.workspace, lambda web: web.files_info(file=identity))
        file = answer.get("file")
        return _shared_at(file.get("shares") if isinstance(file, dict) else None, place)


def _caption(markdown: str) -> str | None:
    """What stands beside a file: mrkdwn, and its beginning only when it is too long."""
    pages = paginate(markdown, lambda part: len(spoken(part)) <= _CAPTION_CHARS)
    first = next((page.text for page in pages), "")
    return spoken(first).strip() or None


def _shared_at(shares: Any, place: Place) -> str:
    """The newest message that shows a file there; empty when none does yet."""
    if not isinstance(shares, Mapping):
        return ""
    rooms = [rooms.get(place.chat) for rooms in shares.values() if isinstance(rooms, Mapping)]
    found = [share for room in rooms for share in room or () if isinstance(share, Mapping)]
    return max((str(share["ts"]) for share in found if share.get("ts")), default="")
