"""A chat around the bot, as those see it who sit in it."""

from adapters.telegram.emulator.methods.chats import member_json
from adapters.telegram.emulator.state import ChatState, Draft, Message, Profile, Topic
from adapters.telegram.emulator.wire import Json
from adapters.telegram.emulator.world import World


class Chat:
    """A chat as one who sits in it sees it."""

    def __init__(self, world: World, state: ChatState) -> None:
        self._world = world
        self.state = state

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def messages(self) -> list[Message]:
        """What is visible now, the oldest first; deleted messages are not there."""
        return self.state.messages

    @property
    def replies(self) -> list[Message]:
        """The bot's visible messages, service messages left out, the oldest first."""
        return [message for message in self.messages if message.from_bot and not message.service]

    @property
    def draft(self) -> Draft | None:
        """The draft on the screen now, or `None`; it lives 30 s, until the next frame, or until a message comes."""
        return self.state.draft

    @property
    def drafts(self) -> list[Draft]:
        """Every frame that was ever shown, the oldest first."""
        return self.state.drafts

    @property
    def topics(self) -> list[Topic]:
        return list(self.state.topics.values())

    @property
    def actions(self) -> list[str]:
        """The chat actions (`typing` and so on) the bot has sent, the oldest first."""
        return self.state.actions

    async def migrates(self) -> "Chat":
        """The group becomes a supergroup; the old id answers with the new one from now on."""
        state = self.state
        number = -1002000000000 - next(self._world.ids)
        admins = set(state.admins)
        new = ChatState(number, "supergroup", state.clock, state.title, members=list(state.members), admins=admins)
        self._world.chats[number] = state.migrated_to = new
        sender = state.members[0] if state.members else self._world.me
        moved = self._world.add_message(state, sender, service={"migrate_to_chat_id": new.id})
        came = self._world.add_message(new, sender, service={"migrate_from_chat_id": state.id})
        await self._world.updates.push({"message": moved.to_json()})
        await self._world.updates.push({"message": came.to_json()})
        return Chat(self._world, new)

    def forbids_voice(self, *, forbidden: bool = True) -> None:
        """Members may send no voice messages, and a bot that is one of them neither."""
        self.state.forbids_voice = forbidden

    async def kicks_bot(self) -> None:
        """The bot is removed; its calls get 403 until `adds_bot`."""
        await self._bot_becomes("kicked")

    async def adds_bot(self) -> None:
        await self._bot_becomes("member")

    async def _bot_becomes(self, status: str) -> None:
        actor = self.state.members[0] if self.state.members else self._world.me
        old = bot_member(self._world, self.state)
        self.state.bot_status = "kicked" if status == "kicked" else "member"
        await tell_membership(self._world, self.state, actor, old)


def bot_member(world: World, chat: ChatState) -> Json:
    if chat.blocked or chat.bot_status == "kicked":
        return {"user": world.me.to_json(), "status": "kicked", "until_date": 0}
    return member_json(chat, world.me)


async def tell_membership(world: World, chat: ChatState, actor: Profile, old: Json) -> None:
    change = {"chat": chat.to_json(), "from": actor.to_json(), "date": world.unix_now()}
    members = {"old_chat_member": old, "new_chat_member": bot_member(world, chat)}
    await world.updates.push({"my_chat_member": change | members})
