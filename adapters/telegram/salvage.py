"""Makes an update readable again that the library refuses: the unknown part goes, the rest stays.

A type that was invented after our release fails the validation of everything around it. A user who wrote
text beside it is still answered.
"""

from collections.abc import Mapping

from adapters.telegram.rich import flatten

Raw = dict[str, object]

_ENVELOPE = ("message_id", "date", "chat", "from", "sender_chat", "message_thread_id", "is_topic_message")
_SPOKEN = ("text", "entities", "caption", "caption_entities", "migrate_to_chat_id", "is_automatic_forward")
_REACTIONS = frozenset({"emoji", "custom_emoji", "paid"})


def salvage(update: Mapping[str, object]) -> Raw | None:
    """`update` with only those parts that we need and that have not changed in years; None when there are none.

    A message keeps its envelope, its text, and its rich content as one flat paragraph; with neither it becomes
    an empty rich message, which is read as unsupported.
    """
    for kind in ("message", "edited_message"):
        if isinstance(message := update.get(kind), Mapping):
            return _only(update, kind, _message(message))
    if isinstance(query := update.get("callback_query"), Mapping):
        return _only(update, "callback_query", _query(query))
    if isinstance(event := update.get("message_reaction"), Mapping):
        return _only(update, "message_reaction", _reaction(event))
    if isinstance(event := update.get("my_chat_member"), Mapping):
        return _only(update, "my_chat_member", _membership(event))
    return None


def _only(update: Mapping[str, object], kind: str, content: Raw) -> Raw:
    return {"update_id": update.get("update_id"), kind: content}


def _message(message: Mapping[str, object]) -> Raw:
    kept = _pick(message, *_ENVELOPE, *_SPOKEN)
    if isinstance(replied := message.get("reply_to_message"), Mapping):
        kept["reply_to_message"] = _pick(replied, *_ENVELOPE, "forum_topic_created")
    if "text" in kept or "caption" in kept or "migrate_to_chat_id" in kept:
        return kept
    rich = message.get("rich_message")
    text = flatten(rich) if isinstance(rich, Mapping) else ""
    kept["rich_message"] = {"blocks": [{"type": "paragraph", "text": text}]}
    return kept


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
