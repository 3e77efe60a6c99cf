"""The verbs of Telegram: one Bot API call each, on aiogram."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    EditMessageReplyMarkup,
    EditMessageText,
    SendAudio,
    SendChatAction,
    SendDocument,
    SendMessage,
    SendPhoto,
    SendRichMessage,
    SendRichMessageDraft,
    SendVoice,
    SetMyCommands,
)
from aiogram.types import BotCommand

from adapters.telegram.bodies import (
    caption,
    is_photo,
    is_track,
    keyboard,
    markup,
    reply_parameters,
    rich_body,
    rich_draft,
    text_body,
    upload,
)
from adapters.telegram.client import Client
from adapters.telegram.counters import MessageCounters
from adapters.telegram.downloads import Downloads
from adapters.telegram.faults import is_stale_press
from adapters.telegram.finding import Search
from adapters.telegram.parse import NAME
from adapters.telegram.receiver import HOOK_PATH, Receiver, Webhook
from adapters.telegram.render import fits_rich, fits_text
from bot.domain.errors import MessengerError, Unrenderable
from bot.domain.messenger import Capabilities, File, Outgoing, Posted, Rate, Take
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock
from bot.markdown.plain import clean

log = logging.getLogger(__name__)

_PRIVATE = Capabilities(
    streaming="drafts",
    # About one message a second, short bursts tolerated (Bot FAQ); drafts have a budget of their own, 20 in 5 s and
    # 40 in 30 s. We keep a little below, because calls do not arrive in the rhythm in which they are made.
    sends=(Rate(4, 5.0),),
    drafts=(Rate(18, 5.0), Rate(36, 30.0)),
    draft_ttl_seconds=30.0,
    pace_seconds=(0.0, 0.4, 0.4, 0.5, 0.5, 0.7, 1.0),
)
_GROUP = Capabilities(
    streaming="edits",
    private=False,
    # 20 a minute (Bot FAQ), of which one is left for the jitter of the network.
    sends=(Rate(19, 60.0), Rate(3, 3.0)),
    quotes=True,
    pace_seconds=(0.0, 1.5, 2.0, 3.0, 3.0, 4.0, 5.0),
)
# Telegram allows about 30 a second in all chats together.
_BUDGET = (Rate(25, 1.0),)
_CLOUD = "https://api.telegram.org"
_DRAFT_IDS = 2**31 - 1
_SEND_SECONDS = 30
_UPLOAD_SECONDS = 180
_TOAST_CHARS = 200

_Sending = SendMessage | SendRichMessage | SendDocument | SendPhoto | SendAudio | SendVoice


class TelegramMessenger:
    """One bot account. Private chats grow by drafts and end in a rich message, groups by edits of one text."""

    def __init__(
        self,
        token: str,
        clock: Clock,
        *,
        api_base: str = _CLOUD,
        mode: Literal["polling", "webhook"] = "polling",
        public_url: str = "",
        webhook_secret: str = "",
    ) -> None:
        """SettingsError when `token`, `public_url` or `webhook_secret` cannot work."""
        webhook = Webhook(public_url, webhook_secret) if mode == "webhook" else None
        self._client = Client(token, api_base)
        self._counters = MessageCounters()
        self._receiver = Receiver(self._client, clock, self._counters, webhook)
        self._search = Search(self._client, self._counters)
        self._downloads = Downloads(self._client, clock, has_own_server=api_base.rstrip("/") != _CLOUD)
        self._hooked = webhook is not None

    @property
    def name(self) -> str:
        return NAME

    @property
    def budget(self) -> tuple[Rate, ...]:
        return _BUDGET

    def capabilities(self, place: Place) -> Capabilities:
        return _PRIVATE if _is_private(place) else _GROUP

    def fits(self, place: Place, text: str) -> bool:
        return fits_rich(text) if _is_private(place) else fits_text(text)

    async def run(self, take: Take) -> None:
        """Receive until cancelled; only one process may poll at a time.

        SettingsError when Telegram refuses the token or the webhook.
        """
        await self._receiver.run(take)

    async def close(self) -> None:
        await self._client.close()

    async def send(self, place: Place, outgoing: Outgoing) -> Ref:
        if outgoing.file is not None:
            return await self._send_file(place, outgoing, outgoing.file)
        rich = rich_body(outgoing) if _is_private(place) else None
        if rich is not None:
            method = SendRichMessage(
                chat_id=int(place.chat),
                message_thread_id=_thread(place),
                rich_message=rich,
                reply_parameters=reply_parameters(place, outgoing.reply_to),
                reply_markup=markup(place, outgoing),
            )
            try:
                return await self._post(place, method)
            except Unrenderable:
                if not _text_will_do(place, outgoing):
                    raise
        return await self._send_text(place, outgoing)

    async def _send_text(self, place: Place, outgoing: Outgoing) -> Ref:
        body = text_body(outgoing)
        method = SendMessage(
            chat_id=int(place.chat),
            message_thread_id=_thread(place),
            text=body.text,
            entities=body.entities,
            parse_mode=None,
            reply_parameters=reply_parameters(place, outgoing.reply_to),
            reply_markup=markup(place, outgoing),
        )
        return await self._post(place, method)

    async def _send_file(self, place: Place, outgoing: Outgoing, file: File) -> Ref:
        """Speech and music are played, a picture is shown, anything else is offered for download."""
        body = caption(outgoing)
        content: dict[str, Any] = {
            "chat_id": int(place.chat),
            "message_thread_id": _thread(place),
            "caption": body.text or None,
            "caption_entities": body.entities or None,
            "parse_mode": None,
            "reply_parameters": reply_parameters(place, outgoing.reply_to),
            "reply_markup": markup(place, outgoing),
        }
        method: _Sending
        if outgoing.voice:
            method = SendVoice(voice=upload(file), **content)
        elif is_track(file):
            method = SendAudio(audio=upload(file), **content)
        elif is_photo(file):
            method = SendPhoto(photo=upload(file), **content)
        else:
            method = SendDocument(document=upload(file), disable_content_type_detection=True, **content)
        return await self._post(place, method, _UPLOAD_SECONDS)

    async def _post(
        self,
        place: Place,
        method: _Sending,
        seconds: int = _SEND_SECONDS,
    ) -> Ref:
        message = await self._client.send(method, place, timeout_seconds=seconds)
        self._counters.saw(place.chat, message)
        return Ref(place, str(message))

    async def edit(self, ref: Ref, outgoing: Outgoing) -> None:
        if outgoing.file is not None:
            raise Unrenderable("the file of a message cannot be replaced")
        self._counters.saw(ref.place.chat, int(ref.message))
        rich = rich_body(outgoing) if _is_private(ref.place) else None
        if rich is not None:
            method = EditMessageText(
                chat_id=int(ref.place.chat),
                message_id=int(ref.message),
                rich_message=rich,
                reply_markup=keyboard(outgoing.buttons),
            )
            try:
                await self._client.call(method, ref.place)
                return
            except Unrenderable:
                if not _text_will_do(ref.place, outgoing):
                    raise
        await self._edit_text(ref, outgoing)

    async def _edit_text(self, ref: Ref, outgoing: Outgoing) -> None:
        body = text_body(outgoing)
        method = EditMessageText(
            chat_id=int(ref.place.chat),
            message_id=int(ref.message),
            text=body.text,
            entities=body.entities,
            parse_mode=None,
            reply_markup=keyboard(outgoing.buttons),
        )
        await self._client.call(method, ref.place)

    async def delete(self, ref: Ref) -> None:
        await self._client.call(DeleteMessage(chat_id=int(ref.place.chat), message_id=int(ref.message)), ref.place)

    async def draft(self, place: Place, draft: int, outgoing: Outgoing) -> None:
        if not _is_private(place):
            raise Unrenderable("drafts exist in private chats only")
        method = SendRichMessageDraft(
            chat_id=int(place.chat),
            message_thread_id=_thread(place),
            draft_id=(draft - 1) % _DRAFT_IDS + 1,
            rich_message=rich_draft(outgoing),
            can_stop=True,
            keep_on_stop=True,
        )
        await self._client.call(method, place)

    async def fetch(self, place: Place, file: str, into: Path, *, limit_bytes: int) -> int:
        return await self._downloads.fetch(file, into, limit_bytes)

    async def clear_buttons(self, ref: Ref) -> None:
        method = EditMessageReplyMarkup(chat_id=int(ref.place.chat), message_id=int(ref.message))
        await self._client.call(method, ref.place)

    async def typing(self, place: Place, to: Ref | None = None) -> None:
        method = SendChatAction(chat_id=int(place.chat), message_thread_id=_thread(place), action="typing")
        await self._client.call(method, place)

    async def acknowledge(self, press: str, text: str) -> None:
        toast = clean(text)[:_TOAST_CHARS] or None
        try:
            await self._client.call(AnswerCallbackQuery(callback_query_id=press, text=toast))
        except MessengerError as refusal:
            if not is_stale_press(refusal):
                raise

    def watermark(self, place: Place) -> str:
        return str(self._counters.highest(place))

    async def find(self, place: Place, watermark: str, outgoing: Outgoing) -> Ref | None:
        return await self._search.find(place, watermark, outgoing)

    async def identify(self) -> str:
        return await self._receiver.describe()

    async def publish_commands(self, commands: dict[str, tuple[tuple[str, str], ...]]) -> None:
        for locale, pairs in commands.items():
            menu = [BotCommand(command=name, description=description) for name, description in pairs]
            await self._client.call(SetMyCommands(commands=menu, language_code=locale or None))

    @property
    def hook_path(self) -> str | None:
        return HOOK_PATH if self._hooked else None

    async def deliver(self, headers: Mapping[str, str], body: bytes, take: Take) -> Posted:
        return await self._receiver.deliver(headers, body, take)


def _text_will_do(place: Place, outgoing: Outgoing) -> bool:
    """Whether a refused rich message can still be said as text."""
    will_do = fits_text(outgoing.text)
    log.warning("rich message of %d characters refused at %s, text will do: %s", len(outgoing.text), place, will_do)
    return will_do


def _is_private(place: Place) -> bool:
    return not place.chat.startswith("-")


def _thread(place: Place) -> int | None:
    return int(place.topic) if place.topic else None
