"""What stands around the texts of an export for people: who spoke, when, and what else is in it. Plain text."""

from datetime import UTC, datetime

from bot.commands.archive import Archive, Exported, ExportedTurn
from bot.domain.media import Upload
from bot.domain.specialist import Team
from bot.domain.thread import Message, TurnState
from bot.texts import Texts


class Captions:
    """In one language."""

    def __init__(self, team: Team, texts: Texts, locale: str) -> None:
        self._team = team
        self._texts = texts
        self.locale = locale

    @property
    def title(self) -> str:
        return self._texts.say(self.locale, "export-title")

    @property
    def facts(self) -> str:
        return self._texts.say(self.locale, "export-facts")

    @property
    def briefs(self) -> str:
        return self._texts.say(self.locale, "export-briefs")

    def about(self, archive: Archive, name: str) -> str:
        """`name`: the user's, as it may stand in the format."""
        return self._texts.say(
            self.locale,
            "export-about",
            time=time_of(archive.exported_at),
            count=len(archive.conversations),
            name=name,
        )

    def conversation(self, exported: Exported) -> str:
        return exported.thread.title or self._texts.say(self.locale, "thread-untitled")

    def held(self, exported: Exported) -> str:
        """Where and when the conversation was held."""
        thread = exported.thread
        return self._texts.say(
            self.locale,
            "export-held",
            messenger=thread.place.messenger.capitalize(),
            begun=time_of(thread.created_at),
            active=time_of(thread.active_at),
            archived="yes" if thread.archived else "no",
        )

    def speaker(self, turn: ExportedTurn, message: Message) -> str:
        return self._texts.say(self.locale, "you") if message.role == "user" else self.specialist(turn.turn.specialist)

    def notes(self, turn: ExportedTurn, message: Message) -> str:
        """When it was said, and what is special about it: a later version, a reply that was stopped or failed."""
        notes = [time_of(message.created_at)]
        if message.version > 1:
            notes.append(self._texts.say(self.locale, "export-version", number=message.version))
        if message.role == "assistant" and turn.turn.state is TurnState.STOPPED:
            notes.append(self._texts.say(self.locale, "export-stopped"))
        if message.role == "assistant" and turn.turn.state is TurnState.FAILED:
            notes.append(self._texts.say(self.locale, "export-failed"))
        return " · ".join(notes)

    def sent(self, turn: ExportedTurn, message: Message) -> list[str]:
        """The files that came with the message, a line for each."""
        return [self._upload(upload) for upload in turn.sent_with(message)]

    def _upload(self, upload: Upload) -> str:
        if upload.part_kind is None:
            return self._texts.say(self.locale, "export-sent", name=upload.name)
        return self._texts.say(
            self.locale, "export-sent-parts", name=upload.name, kind=upload.part_kind, count=upload.parts
        )

    def files(self, turn: ExportedTurn) -> list[str]:
        return [self._texts.say(self.locale, "export-file", name=file.name) for file in turn.files]

    def specialist(self, name: str) -> str:
        found = self._team.get(name)
        return found.localised(self.locale).title if found is not None else name or self._team.default.title


def time_of(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
