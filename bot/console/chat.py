"""The chat page: its addresses, its visitors, and its place in the ASGI application."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from nicegui import Client, ui
from nicegui import app as site
from starlette.middleware.sessions import Session

from bot.console.cast import Cast
from bot.console.conversation import Conversation
from bot.console.files import file_response
from bot.console.guard import PageHeaders
from bot.console.page import ChatPage
from bot.console.received import upload_response
from bot.console.uploads import UploadDesk
from bot.console.waiting import Waiting
from bot.console.words import Words, preferred_locale
from bot.domain.errors import StorageError
from bot.domain.messenger import Take
from bot.domain.ports import Clock
from bot.domain.specialist import Team
from bot.texts import Texts
from storage.store import Store
from storage.vault import Vault

_COOKIE = "switchboard"
_COOKIE_SECONDS = 365 * 24 * 3600
_ASSETS = Path(__file__).with_name("assets")
_STYLES = ("chat.css", "composer.css")
_SCRIPTS = ("tray.js", "recorder.js", "chat.js")
_KEY = re.compile(r"[0-9a-f]{32}")
_RECONNECT_SECONDS = 10.0
_RESPONSE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Chat:
    """What every chat page of the process needs."""

    store: Store
    take: Take
    clock: Clock
    texts: Texts
    title: str
    team: Team
    head: str
    """What stands in the head of every page."""
    uploads: UploadDesk
    voice_seconds: float

    async def page(self, request: Request, client: Client, key: str) -> None:
        """Build the page of the conversation `key`; an empty `key` begins a new one."""
        locale = preferred_locale(self.texts, request.headers.get("accept-language", ""))
        visitor = _visitor()
        problem = ""
        conversation = self._conversation(visitor, key or uuid4().hex, locale)
        if _COOKIE in request.cookies:
            problem = await _first_look(conversation, is_new=not key)
        elif key:
            problem = "web-not-found"
        if conversation.user is not None:
            locale = self.texts.match(conversation.user.locale)
        if problem == "web-not-found":
            conversation = await self._fresh(conversation, visitor, locale)
        self._build(conversation, client, Words(self.texts, locale)).alert(problem)
        client.content.classes("page")
        ui.add_head_html(self.head + f"<script>document.documentElement.lang = '{locale}'</script>")

    def _build(self, conversation: Conversation, client: Client, words: Words) -> ChatPage:
        page = ChatPage(
            conversation,
            client=client,
            bus=self.store.bus,
            clock=self.clock,
            words=words,
            title=self.title,
            cast=Cast(self.team, words.locale),
            uploads=self.uploads,
            voice_seconds=self.voice_seconds,
        )
        client.on_connect(page.connected)
        client.on_delete(page.closed)
        return page

    def _conversation(self, visitor: str, key: str, locale: str) -> Conversation:
        return Conversation(self.store, self.take, self.clock, visitor=visitor, key=key, locale=locale)

    async def _fresh(self, lost: Conversation, visitor: str, locale: str) -> Conversation:
        """A new conversation that keeps the side list of the one that was not found."""
        conversation = self._conversation(visitor, uuid4().hex, locale)
        conversation.user, conversation.shelf = lost.user, lost.shelf
        return conversation


def _visitor() -> str:
    """Who asks, by the signed cookie; 32 hexadecimal digits."""
    return UUID(site.storage.browser["id"]).hex


def _known_visitor(request: Request) -> str:
    """The same; empty when the request brought no cookie of ours, so that the visitor was made up just now."""
    session = request.session
    is_new = _COOKIE not in request.cookies or (isinstance(session, Session) and session.modified)
    return "" if is_new else _visitor()


async def _first_look(conversation: Conversation, *, is_new: bool) -> str:
    """Read the conversation before the page is sent; the key of what to tell the visitor, or nothing."""
    try:
        await conversation.refresh()
    except StorageError as error:
        return error.sentence
    return "" if is_new or conversation.thread is not None else "web-not-found"


def mount(
    app: FastAPI,
    *,
    store: Store,
    take: Take,
    clock: Clock,
    texts: Texts,
    title: str,
    team: Team,
    vault: Vault,
    temporary: Path,
    file_bytes: int,
    voice_seconds: float = 600.0,
    storage_secret: str,
    secure_cookie: bool = False,
) -> None:
    """Serve the chat page at `/` and `/c/<conversation>` of `app`, users' files at `/files/<token>`, what came with
    their messages at `/uploads/<id>`, and the door for it at `/upload`, after all its other routes: it takes what is
    left. A file of at most `file_bytes` may be uploaded, by way of the folder `temporary`, which must be there, and a
    recording last `voice_seconds`; 0: nobody would understand one, and there is no microphone.

    Once per process, since NiceGUI keeps its state in the process. `storage_secret` signs the cookie that says who a
    visitor is; whoever changes it loses everybody's conversations from sight. `secure_cookie` when served over HTTPS.
    """
    desk = UploadDesk(store, vault, Waiting(clock), temporary, file_bytes)
    chat = Chat(store, take, clock, texts, title, team, _head(), desk, voice_seconds)

    @ui.page("/", response_timeout=_RESPONSE_SECONDS)
    async def new_conversation(request: Request, client: Client) -> None:
        await chat.page(request, client, "")

    @ui.page("/c/{key}", response_timeout=_RESPONSE_SECONDS)
    async def one_conversation(request: Request, client: Client, key: str) -> None:
        await chat.page(request, client, key if _KEY.fullmatch(key) else "0" * 32)

    _add_file_routes(store, vault, desk, texts)
    site.add_middleware(PageHeaders)
    app.mount("/chat-assets", StaticFiles(directory=_ASSETS), name="chat-assets")
    ui.run_with(
        app,
        title=title,
        favicon=team.default.emoji or None,
        dark=None,
        tailwind=False,
        reconnect_timeout=_RECONNECT_SECONDS,
        show_welcome_message=False,
        storage_secret=storage_secret,
        session_middleware_kwargs={
            "session_cookie": _COOKIE,
            "max_age": _COOKIE_SECONDS,
            "same_site": "lax",
            "https_only": secure_cookie,
        },
    )


def _add_file_routes(store: Store, vault: Vault, desk: UploadDesk, texts: Texts) -> None:
    def words(request: Request) -> Words:
        return Words(texts, preferred_locale(texts, request.headers.get("accept-language", "")))

    @site.get("/files/{token}")
    async def one_file(request: Request, token: str) -> Response:
        return await file_response(store, vault, _visitor(), token, wanted=request.headers.get("range", ""))

    @site.get("/uploads/{number}")
    async def one_upload(number: str) -> Response:
        return await upload_response(store, vault, _visitor(), number)

    @site.post("/upload")
    async def upload(request: Request) -> Response:
        return await desk.receive(request, _known_visitor(request), words(request))

    @site.delete("/upload/{token}")
    async def take_back(request: Request, token: str) -> Response:
        return await desk.remove(request, _known_visitor(request), token, words(request))


def _head() -> str:
    """Links to our styles and scripts, named by what is in them so that browsers may keep them."""
    styles = (f'<link rel="stylesheet" href="{_versioned(name)}">' for name in _STYLES)
    return "".join([*styles, *(f'<script src="{_versioned(name)}"></script>' for name in _SCRIPTS)])


def _versioned(name: str) -> str:
    digest = hashlib.sha256((_ASSETS / name).read_bytes()).hexdigest()
    return f"/chat-assets/{name}?v={digest[:12]}"
