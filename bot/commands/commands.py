"""What `/name` does: the table of commands, and the job that carries one out and says its answer."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.commands.answer import Answer, Gathering, Given, Verb
from bot.commands.conversations import Conversations
from bot.commands.delivery import Delivery
from bot.commands.exports import Exports
from bot.commands.linking import Linking
from bot.commands.memory import MemoryCommands
from bot.commands.names import NAMES
from bot.commands.orientation import Orientation
from bot.commands.preferences import Preferences
from bot.commands.privacy import Privacy
from bot.commands.searching import Searching
from bot.commands.team import TeamCommands
from bot.commands.usage import UsageCommands
from bot.courier import Courier
from bot.domain.errors import MessengerError, Refused, StorageError
from bot.domain.messenger import File
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.specialist import Team
from bot.home_calls import HomeCalls
from bot.quota import Quota
from bot.texts import Texts
from bot.upkeep import put_taking_down
from bot.work import ATTEMPTS, Handler, Work
from storage.store import Store, Tx
from storage.vault import Vault

log = logging.getLogger(__name__)

_PRIVATE = frozenset({"threads", "open", "search", "export", "memory", "usage", "settings", "link"})
"""Their answers are for the user's own eyes."""
_ON_HOME = frozenset(
    {"start", "specialist", "new", "open", "rename", "archive", "delete", "thinking", "voice", "language"}
)
"""They may change what the user's page shows."""
_FILE_SECONDS = 86_400.0
_FAREWELL_ATTEMPTS = 1_000


class Commands(Handler):
    """The handler of jobs of kind `command`.

    The payload has `user`, `sender` (`Sender.id` of the user), `place`, `name`, `arguments`, `stopped` (how many
    running replies the intake stopped for it), `ref` (the message that gave the command or carried the button; empty
    when it is not known), `pressed` (whether a button gave it), `press` (the messenger's id of the press, or empty) and
    `at_home` (whether the button is on the user's page).
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
        vault: Vault,
        remembers: bool,
        speaks: bool,
        homes: Callable[[Place], bool],
    ) -> None:
        """`remembers`: the platform's policy lets facts about users be kept. `speaks`: replies can be spoken. `homes`
        says whether the messenger of a place is `Homing`."""
        self._store = store
        self._vault = vault
        self._courier = courier
        self._texts = texts
        self._home = HomeCalls(homes)
        self._delivery = Delivery(courier, self._home)
        self._team = TeamCommands(team, texts)
        self._orientation = Orientation(texts)
        self._verbs = self._table(team, quota, clock, remembers=remembers, speaks=speaks)
        self._gatherings: Mapping[str, Gathering] = {"export": Exports(team, texts, clock).export}

    def _table(self, team: Team, quota: Quota, clock: Clock, *, remembers: bool, speaks: bool) -> Mapping[str, Verb]:
        texts = self._texts
        conversations = Conversations(team, texts)
        preferences = Preferences(texts, remembers=remembers, speaks=speaks)
        return {
            "start": self._team.start,
            "help": self._orientation.help,
            "stop": self._orientation.stop,
            "specialists": self._team.specialists,
            "specialist": self._team.specialist,
            "new": conversations.new,
            "threads": conversations.threads,
            "open": conversations.open,
            "rename": conversations.rename,
            "archive": conversations.archive,
            "delete": conversations.delete,
            "search": Searching(texts).search,
            "memory": MemoryCommands(texts, remembers=remembers).memory,
            "usage": UsageCommands(team, texts, quota, clock).usage,
            "settings": preferences.settings,
            "thinking": preferences.thinking,
            "voice": preferences.voice,
            "language": preferences.language,
            "link": Linking(texts, clock).link,
            "forget": Privacy(texts).forget,
        }

    async def run(self, work: Work) -> None:
        answer = await self._remembered(work)
        if answer is None:
            if work.step("said").ref is not None:
                return  # It was said already: a secret, or a refusal. Neither is written down.
            answer = await self._carry_out(work)
        if answer.is_farewell:
            await self._part(work, answer)
        else:
            await self._delivery.say(work, answer)

    def attempts(self, work: Work) -> int:
        """A promise to forget is kept, however long the database is out of order."""
        answer = work.steps.get("answer")
        return _FAREWELL_ATTEMPTS if answer is not None and answer["is_farewell"] else ATTEMPTS

    async def give_up(self, work: Work, error: Exception) -> None:
        """A command that cannot be answered is only logged, by the worker."""

    async def _remembered(self, work: Work) -> Answer | None:
        """What an earlier attempt has done already."""
        value = work.steps.get("answer")
        if value is None:
            return None
        file = None
        if value["file"] is not None:
            async with self._store.begin() as tx:
                kept = await tx.files.get(value["file"])
            file = await self._vault.file(kept)
        return Answer.load(value, file)

    async def _carry_out(self, work: Work) -> Answer:
        """Do it and write the answer down, in one transaction; what is refused changes nothing."""
        given = await self._given(work)
        work.check()
        try:
            gathered = await self._gather(given)
            async with self._kept(given, gathered) as blob, self._store.begin() as tx:
                answer = gathered or await self._answer(tx, given)
                await self._refresh_home(tx, given, str(work.job.payload.get("sender", "")))
                if answer.is_secret:
                    return answer
                answer, file_id = await self._keep_file(tx, given, answer, blob)
                dumped = answer.dump(file_id)
                await tx.jobs.record(work.job, "answer", dumped)
        except Refused as error:
            log.warning("a command was refused", extra={"error": type(error).__name__})
            return self._refusal(given, error)
        work.steps["answer"] = dumped
        return answer

    async def _given(self, work: Work) -> Given:
        payload = work.job.payload
        place = Place.parse(payload["place"])
        async with self._store.begin() as tx:
            user = await tx.users.get(int(payload["user"]))
        facts = self._courier.capabilities(place)
        return Given(
            user=user,
            place=place,
            name=str(payload["name"]).lower(),
            arguments=str(payload["arguments"]).strip(),
            stopped=int(payload["stopped"]),
            is_press=bool(payload.get("pressed")),
            is_private=facts.private,
            is_shared=facts.shared,
        )

    async def _refresh_home(self, tx: Tx, given: Given, sender: str) -> None:
        """What the user's page shows may be otherwise now."""
        is_choice = given.name in _ON_HOME or self._team.find(given.name) is not None
        if is_choice and given.is_private:
            await self._home.changed(tx, given.user.id, given.place, sender)

    async def _gather(self, given: Given) -> Answer | None:
        """What needs no transaction around it; None for every other command."""
        if given.name in _PRIVATE and not given.is_private:
            return Answer(self._texts.say(given.locale, "only-privately"))
        gathering = self._gatherings.get(given.name)
        return None if gathering is None else await gathering(self._store, given)

    async def _answer(self, tx: Tx, given: Given) -> Answer:
        if (verb := self._verbs.get(given.name)) is not None:
            return await verb(tx, given)
        if (specialist := self._team.find(given.name)) is not None:
            return await self._team.choose(tx, given, specialist)
        return self._orientation.unknown(given, [*NAMES, *self._team.names])

    def _refusal(self, given: Given, error: Refused) -> Answer:
        """A press on what is somebody else's is answered at the button, not before everyone."""
        text = self._texts.say(given.locale, error.sentence)
        return Answer(toast=text) if given.is_press and not given.is_private else Answer(text)

    @asynccontextmanager
    async def _kept(self, given: Given, gathered: Answer | None) -> AsyncIterator[int | None]:
        """The content of the answer's file, which no row refers to yet; None when there is none that can be sent."""
        if gathered is None or gathered.file is None or self._is_too_large(given, gathered.file):
            yield None
            return
        async with self._vault.hold(gathered.file.content) as blob:
            yield blob

    async def _keep_file(self, tx: Tx, given: Given, answer: Answer, blob: int | None) -> tuple[Answer, int | None]:
        """Store the answer's file for a day, which also gives it a link, unless it is more than can be sent here."""
        file = answer.file
        if file is None:
            return answer, None
        if blob is None:
            return Answer(self._texts.say(given.locale, "export-too-large")), None
        kept = await tx.files.add(
            given.user.id, file.name, file.media_type, len(file.content), blob, ttl_seconds=_FILE_SECONDS
        )
        return replace(answer, file=replace(file, link=kept.link)), kept.id

    def _is_too_large(self, given: Given, file: File) -> bool:
        return len(file.content) > self._courier.capabilities(given.place).file_bytes

    async def _part(self, work: Work, answer: Answer) -> None:
        """Say the farewell, if anybody hears it, and erase everything about the user.

        The job ends first: it is among what is erased, and only its holder may do this.
        """
        try:
            await self._delivery.say(work, answer)
        except MessengerError as error:
            log.info("nobody hears the farewell", extra={"error": type(error).__name__})
        work.check()
        user_id = int(work.job.payload["user"])
        async with self._store.begin() as tx:
            await tx.jobs.finish(work.job)
            for thread_id in await tx.privacy.erase(user_id):
                await put_taking_down(tx, thread_id)
        work.ended = True
        log.info("a user is forgotten")
        try:
            await self._vault.sweep()
        except StorageError as error:
            # The job that was put with the erasure goes on trying.
            log.warning("files of a forgotten user are still there", extra={"error": type(error).__name__})
