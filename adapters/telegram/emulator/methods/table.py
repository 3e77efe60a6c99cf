"""Which Bot API methods the emulator carries out, by their lower-case name."""

from collections.abc import Awaitable, Callable

from adapters.telegram.emulator.methods import account, chats, messages
from adapters.telegram.emulator.schema import Request
from adapters.telegram.emulator.world import World

Handler = Callable[[World, Request], Awaitable[object]]

_MODULES = (account, chats, messages)
_NAMES = (
    "getMe getUpdates setWebhook deleteWebhook getWebhookInfo logOut close setMyCommands getMyCommands "
    "deleteMyCommands setMyDescription setMyShortDescription answerCallbackQuery getFile "
    "getChat getChatMember getChatAdministrators leaveChat sendChatAction createForumTopic editForumTopic "
    "closeForumTopic reopenForumTopic deleteForumTopic "
    "sendMessage sendRichMessage sendDocument sendPhoto sendAudio sendVoice sendMessageDraft sendRichMessageDraft "
    "editMessageText editMessageReplyMarkup deleteMessage deleteMessages copyMessage forwardMessage setMessageReaction"
)


def implemented_methods() -> dict[str, Handler]:
    """Every handler is the snake-case function of its method's name."""
    functions = {name: made for module in _MODULES for name, made in vars(module).items() if callable(made)}
    return {name.lower(): functions[_snake(name)] for name in _NAMES.split()}


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
