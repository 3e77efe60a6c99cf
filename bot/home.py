"""A user's own page in the messenger, and the questions that an empty conversation offers."""

import logging

from bot.commands.answer import Given, shortened
from bot.commands.preferences import Preferences
from bot.commands.team import TeamCommands
from bot.commands.titles import as_seen_by
from bot.commands.usage import UsageCommands
from bot.courier import Courier
from bot.domain.action import ThreadAction
from bot.domain.errors import NotAllowed
from bot.domain.messenger import Button, HomeSection, Suggestion
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.specialist import Specialist, Team
from bot.domain.thread import Thread
from bot.markdown.plain import literal, plain
from bot.quota import Quota
from bot.texts import Texts
from bot.work import Handler, Work
from storage.store import Store, Tx

log = logging.getLogger(__name__)

_THREADS = 10
_REACH = 30
"""Of so many threads those in which nothing was said are left out."""
_TITLE_CHARS = 60
_FEW_MESSAGES = 2


class Home(Handler):
    """The handler of jobs of kind `home` and `suggest`.

    The payload has `user`, `place` and `owner` (`Sender.id` of the user in the messenger of the place).
    """

    def __init__(
        self,
        store: Store,
        courier: Courier,
        texts: Texts,
        team: Team,
        quota: Quota,
        clock: Clock,
        *,
        remembers: bool,
        speaks: bool,
    ) -> None:
        """`remembers`: the platform's policy lets facts about users be kept. `speaks`: replies can be spoken."""
        self._store = store
        self._courier = courier
        self._texts = texts
        self._team = team
        self._specialists = TeamCommands(team, texts)
        self._usage = UsageCommands(team, texts, quota, clock)
        self._preferences = Preferences(texts, remembers=remembers, speaks=speaks)
        self._speaks = speaks

    async def run(self, work: Work) -> None:
        payload = work.job.payload
        place, ours = Place.parse(payload["place"]), self._courier.on_behalf_of(work.check)
        try:
            async with self._store.begin() as tx:
                user = await tx.users.get(int(payload["user"]))
                given = Given(user, place, work.job.kind)
                thread = await tx.threads.current(user.id, place)
                now = self._now(thread)
                sections = await self._sections(tx, given, thread, now) if work.job.kind == "home" else ()
        except NotAllowed:
            log.info("nobody is there any more to look")
            return
        if work.job.kind == "home":
            await ours.show_home(place, str(payload["owner"]), sections)
        else:
            await ours.suggest(place, self._suggestions(now or self._team.default, given.locale))

    async def give_up(self, work: Work, error: Exception) -> None:
        """The page stays as it is until the user looks again."""

    async def _sections(
        self, tx: Tx, given: Given, thread: Thread | None, now: Specialist | None
    ) -> tuple[HomeSection, ...]:
        say, locale = self._texts.say, given.locale
        shown = (
            say(locale, "home-nobody-chosen")
            if now is None
            else say(locale, "home-chosen", title=literal(now.localised(locale).title))
        )
        language = self._texts.match(locale)
        return (
            await self._threads(tx, given, thread),
            HomeSection(say(locale, "home-usage"), await self._usage.told(tx, given)),
            HomeSection(say(locale, "home-specialist"), shown, self._specialists.menu(locale, now.name if now else "")),
            HomeSection(
                say(locale, "home-thinking"),
                say(locale, "home-thinking-about"),
                self._preferences.thinking_menu(locale, given.user.thinking),
            ),
            HomeSection(
                say(locale, "home-language"),
                say(locale, "home-language-about"),
                self._preferences.language_menu(language),
            ),
            *self._voice(given),
        )

    def _voice(self, given: Given) -> tuple[HomeSection, ...]:
        """Nothing where nobody can speak."""
        if not self._speaks:
            return ()
        menu = self._preferences.voice_menu(given.locale, on=given.user.voice)
        title, about = (self._texts.say(given.locale, key) for key in ("home-voice", "home-voice-about"))
        return (HomeSection(title, about, menu),)

    async def _threads(self, tx: Tx, given: Given, now: Thread | None) -> HomeSection:
        """The newest first; one that others take part in goes on where it is held and has no button."""
        say, locale = self._texts.say, given.locale
        titled: list[tuple[Thread, str]] = []
        shelf = await tx.threads.shelf(given.user.id, limit=_REACH)
        for thread in await as_seen_by(tx, given.user.id, shelf):
            title = thread.title or await _first_words(tx, thread)
            if title and len(titled) < _THREADS:
                titled.append((thread, title))
        lines = [
            say(
                locale,
                "home-thread",
                number=str(number),
                title=literal(shortened(title, _TITLE_CHARS)),
                when=thread.active_at.strftime("%Y-%m-%d %H:%M"),
                state="shared" if thread.shared else "now" if now is not None and thread.id == now.id else "earlier",
            )
            for number, (thread, title) in enumerate(titled, 1)
        ]
        doors = tuple(
            (Button(f"{number}. {shortened(title, _TITLE_CHARS)}", str(ThreadAction(thread.id))),)
            for number, (thread, title) in enumerate(titled, 1)
            if not thread.shared
        )
        return HomeSection(say(locale, "home-threads"), "\n".join(lines) or say(locale, "home-threads-none"), doors)

    def _now(self, thread: Thread | None) -> Specialist | None:
        """Who was chosen to answer there."""
        return self._team.get(thread.specialist) if thread is not None and thread.specialist else None

    def _suggestions(self, specialist: Specialist, locale: str) -> tuple[Suggestion, ...]:
        starters = specialist.localised(locale).starters
        return tuple(Suggestion(shortened(starter, _TITLE_CHARS), starter) for starter in starters)


async def _first_words(tx: Tx, thread: Thread) -> str:
    """What a thread goes by before it has a title: the question that waits for its first answer."""
    if thread.shared:
        return ""  # Perhaps somebody else's words.
    messages = await tx.turns.transcript(thread.id, limit=_FEW_MESSAGES)
    said = next((message.text for message in messages if message.role == "user"), "")
    return " ".join(plain(said).split())
