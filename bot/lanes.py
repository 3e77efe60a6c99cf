"""The names of lanes and topics: what is done in order, and who is told."""

from bot.domain.place import Place


def thread_lane(thread_id: int) -> str:
    """Turns of one thread, strictly one after the other."""
    return f"thread:{thread_id}"


def command_lane(user_id: int, place: Place) -> str:
    """Commands do not wait behind a reply that streams."""
    return f"command:{user_id}:{place}"


def press_lane(user_id: int) -> str:
    return f"press:{user_id}"


def fix_lane(user_id: int) -> str:
    """What was heard is put right apart from other presses: the right to open a dialog lasts seconds."""
    return f"press:{user_id}:fix"


def notice_lane(place: Place) -> str:
    return f"notice:{place}"


def reminder_lane(user_id: int, key: str) -> str:
    """One for each reminder: none waits for another."""
    return f"reminder:{user_id}:{key}"


def home_lane(user_id: int, place: Place) -> str:
    """The user's own page in the messenger of that room."""
    return f"home:{user_id}:{place}"


def suggestion_lane(user_id: int, place: Place) -> str:
    return f"suggestion:{user_id}:{place}"


def upkeep_lane(thread_id: int) -> str:
    """Titles and summaries, which no reply waits for."""
    return f"upkeep:{thread_id}"


def speech_lane(thread_id: int) -> str:
    """Replies of one thread are spoken one after the other, and no turn waits for that."""
    return f"speech:{thread_id}"


def thread_topic(thread_id: int) -> str:
    """Who shows the thread listens here for changes of its turns."""
    return f"thread:{thread_id}"
