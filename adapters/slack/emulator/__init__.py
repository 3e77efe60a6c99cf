"""An emulated Slack: a local Web API, Socket Mode and event sender that enforce the real rules."""

from adapters.mischief import Fault
from adapters.slack.emulator.deliveries import Attempt, Delivery
from adapters.slack.emulator.emulator import SlackEmulator
from adapters.slack.emulator.faults import DOWNLOAD, Faults
from adapters.slack.emulator.limits import Flood, Limits, Window
from adapters.slack.emulator.people import User
from adapters.slack.emulator.screens import Channel, Message, View
from adapters.slack.emulator.speaking import Upload
from adapters.slack.emulator.state import Download
from adapters.slack.emulator.workspace import Workspace

__all__ = [
    "DOWNLOAD",
    "Attempt",
    "Channel",
    "Delivery",
    "Download",
    "Fault",
    "Faults",
    "Flood",
    "Limits",
    "Message",
    "SlackEmulator",
    "Upload",
    "User",
    "View",
    "Window",
    "Workspace",
]
