"""Makes an update readable again that the library refuses: the unknown part goes, the rest stays.

A type that was invented after our release fails the validation of everything around it. A user who wrote
text beside it is still answered.
"""

from collections.abc import Mapping

from adapters.telegram.rich import flatten

Raw = dict[str, object]

_ENVELOPE = ("message_id", "date", "chat", "from", "sender_chat", "message_thread_id", "is_topic_message")
_FILES = ("voice", "audio", "video_note", "video", "animation", "document")
_OF_A_FILE = (
    "file_id",
    "file_unique_id",
    "file_size",
    "file_name",
    "mime_type",
    "duration",
    "width",
    "height",
    "length",
    "title",
    "performer",
)
_SPOKEN = (
    "text",
    "entities",
    "caption",
    "caption_entities",
    "media_group_id",
    "migrate_to_chat_id",
    "is_automatic_forward",
)
_REACTIONS = frozenset({"emoji", "custom_emoji", "paid"})


def salvage(update: Mapping[str, object], *, files: bool = True) -> Raw | None:
    """`update` with only those parts that we need and that have not changed in years; None when there are none.

    A message keeps its envelope, its text, its files, and its rich content as one flat paragraph; with nothing of it
    it becomes an empty rich message, which is read as unsupported. Without `files` these go too: the trouble may lie
    in them.
    """
    for kind in ("message", "edited_message"):
        if isinstance(message := update.get(kind), Mapping):
            return _only(update, kind, _message(message, files))
    if isinstance(query := update.get("callback_query"), Mapping):
        return _only(update, "callback_query", _query(query))
    if isinstance(event := update.get("message_reaction"), Mapping):
        return _only(update, "message_reaction", _reaction(event))
    if isinstance(event := update.get("my_chat_member"), Mapping):
        return _only(update, "my_chat_member", _membership(event))
    return None


def _only(update: Mapping[str, object], kind: str, content: Raw) -> Raw:
    return {"update_id": update.get("update_id"), kind: content}


def _message(message: Mapping[str, object], with_files: bool) -> Raw:
    kept = _pick(message, *_ENVELOPE, *_SPOKEN)
    if isinstance(replied := message.get("reply_to_message"), Mapping):
        kept["reply_to_message"] = _pick(replied, *_ENVELOPE, "forum_topic_created")
    files = _files(message) if with_files else {}
    kept |= files
    if files or "text" in kept or "caption" in kept or "migrate_to_chat_id" in kept:
        return kept
    rich = message.get("rich_message")
    text = flatten(rich) if isinstance(rich, Mapping) else ""
    kept["rich_message"] = {"blocks": [{"type": "paragraph", "text": text}]}
    return kept


def _files(message: Mapping[str, object]) -> Raw:
    found: Raw = {name: _pick(file, *_OF_A_FILE) for name in _FILES if isinstance(file := message.get(name), Mapping)}
    sizes = message.get("photo")
    if isinstance(sizes, list) and sizes:
        found["photo"] = [_pick(size, *_OF_A_FILE) for size in sizes if isinstance(size, Mapping)]
    return found


def _query(query: Mapping[str, object]) -> Raw:
    kept = _pick(query, "id", "from", "chat_instance", "data")
    if isinstance(message := query.get("message"), Mapping):
        kept["message"] = _pick(message, *_ENVELOPE)
    return kept


def _reaction(event: Mapping[str, object]) -> Raw:
    kept = _pick(event, "chat", "message_id", "date", "user", "actor_chat")
    for name in ("old_reaction", "new_reaction"):
        reactions = event.get(name)
        kept[name] = [one for one in reactions if _is_known(one)] if isinstance(reactions, list) else []
    return kept


def _membership(event: Mapping[str, object]) -> Raw:
    """Rights of administrators change with every release; here only inside and outside matter."""
    kept = _pick(event, "chat", "from", "date")
    for name in ("old_chat_member", "new_chat_member"):
        member = event.get(name)
        if isinstance(member, Mapping):
            outside = member.get("status") in {"left", "kicked"} or member.get("is_member") is False
            kept[name] = {"user": member.get("user"), "status": "left" if outside else "member"}
    return kept


def _is_known(reaction: object) -> bool:
    return isinstance(reaction, Mapping) and reaction.get("type") in _REACTIONS


def _pick(source: Mapping[str, object], *names: str) -> Raw:
    return {name: source[name] for name in names if name in source}
