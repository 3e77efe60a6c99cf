"""An emulated Telegram: a local Bot API server that enforces the real rules."""

from adapters.mischief import Fault
from adapters.telegram.emulator.chat import Chat
from adapters.telegram.emulator.emulator import TelegramEmulator
from adapters.telegram.emulator.faults import Faults
from adapters.telegram.emulator.floods import Limits, Window
from adapters.telegram.emulator.people import User
from adapters.telegram.emulator.sending import Enclosed
from adapters.telegram.emulator.state import Draft, Message, Topic

__all__ = [
    "Chat",
    "Draft",
    "Enclosed",
    "Fault",
    "Faults",
    "Limits",
    "Message",
    "TelegramEmulator",
    "Topic",
    "User",
    "Window",
]
