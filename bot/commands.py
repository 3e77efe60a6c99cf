"""What `/name` does, and the short answers that are no replies of a specialist."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.budget import Priority
from bot.courier import Courier
from bot.domain.action import ThreadAction
from bot.domain.messenger import Button, Buttons, Outgoing
from bot.domain.place import Place
from bot.domain.thread import Thread, User
from bot.markdown.plain import literal
from bot.texts import Texts
from bot.work import Handler, Work
from storage.store import Store

MENU = ("new", "threads", "stop", "help")
"""Commands of the messengers' menus, in order; the Fluent key of each description is `command-NAME`."""

_THREADS_SHOWN = 10
_LABEL_CHARS = 48


@dataclass(frozen=True, slots=True)
class Given:
    """A command as it is carried out."""

    user: User
    place: Place
    name: str
    arguments: str
    stopped: int
    """How many running replies the intake stopped for it at once."""


class Commands(Handler):
    """The handler of jobs of kind `command`."""

    def __init__(self, store: Store, courier: Courier, texts: Texts) -> None:
        self._store = store
        self._courier = courier
        self._texts = texts
        self._verbs: dict[str, Callable[[Given], Awaitable[str]]] = {
            "start": self._start,
            "help": self._help,
            "new": self._new,
            "threads": self._threads,
            "stop": self._stop,
        }

    async def run(self, work: Work) -> None:
        payload = work.job.payload
        async with self._store.begin() as tx:
            user = await tx.users.get(int(payload["user"]))
        given = Given(
            user, Place.parse(payload["place"]), payload["name"], payload["arguments"], int(payload["stopped"])
        )
        answer = work.steps.get("answer")
        if answer is None:
            answer = await self._verbs.get(given.name, self._unknown)(given)
            await work.record("answer", answer)
        if answer:
            buttons = await self._doors(given) if given.name == "threads" else ()
            await _say(work, self._courier, given.place, answer, buttons)

    async def give_up(self, work: Work, error: Exception) -> None:
        """A command that cannot be answered is only logged, by the worker."""

    async def _start(self, given: Given) -> str:
        return self._texts.say(given.user.locale, "welcome", name=literal(given.user.name))

    async def _help(self, given: Given) -> str:
        return self._texts.say(given.user.locale, "help")

    async def _new(self, given: Given) -> str:
        """The intake has opened the thread."""
        return self._texts.say(given.user.locale, "thread-new")

    async def _threads(self, given: Given) -> str:
        threads = await self._listed(given)
        locale = given.user.locale
        if not threads:
            return self._texts.say(locale, "threads-none")
        lines = [
            self._texts.say(
                locale,
                "threads-line",
                number=number,
                title=literal(thread.title) or self._texts.say(locale, "thread-untitled"),
                when=thread.active_at.strftime("%Y-%m-%d %H:%M"),
            )
            for number, thread in enumerate(threads, 1)
        ]
        return "\n".join((self._texts.say(locale, "threads-title"), "", *lines))

    async def _listed(self, given: Given) -> list[Thread]:
        async with self._store.begin() as tx:
            return await tx.threads.list(given.user.id, limit=_THREADS_SHOWN)

    async def _doors(self, given: Given) -> Buttons:
        """A button for each listed thread that was held in this place, numbered as in the list."""
        return tuple(
            (Button(f"{number}. {thread.title}"[:_LABEL_CHARS], str(ThreadAction(thread.id))),)
            for number, thread in enumerate(await self._listed(given), 1)
            if thread.place == given.place and thread.title
        )

    async def _stop(self, given: Given) -> str:
        """The stopped reply says so itself."""
        return "" if given.stopped else self._texts.say(given.user.locale, "nothing-to-stop")

    async def _unknown(self, given: Given) -> str:
        return self._texts.say(given.user.locale, "unknown-command", name=literal(given.name))


class Notices(Handler):
    """The handler of jobs of kind `notice`: one sentence to one place."""

    def __init__(self, courier: Courier, texts: Texts) -> None:
        self._courier = courier
        self._texts = texts

    async def run(self, work: Work) -> None:
        payload = work.job.payload
        text = self._texts.say(payload["locale"], payload["key"], **payload["arguments"])
        await _say(work, self._courier, Place.parse(payload["place"]), text)

    async def give_up(self, work: Work, error: Exception) -> None:
        """A notice that cannot be said is only logged, by the worker."""


class Presses(Handler):
    """The handler of jobs of kind `press`: the short answer at the button; the intake has done the deed."""

    def __init__(self, courier: Courier, texts: Texts) -> None:
        self._courier = courier
        self._texts = texts

    async def run(self, work: Work) -> None:
        payload = work.job.payload
        text = self._texts.say(payload["locale"], payload["key"])
        await self._courier.acknowledge(Place.parse(payload["place"]), payload["press"], text)

    async def give_up(self, work: Work, error: Exception) -> None:
        """The platform ends the wait at the button by itself."""


async def _say(work: Work, courier: Courier, place: Place, text: str, buttons: Buttons = ()) -> None:
    ours = courier.on_behalf_of(work.check)
    await ours.send(place, Outgoing(text, buttons), priority=Priority.NOTICE, step=work.step("said"))
