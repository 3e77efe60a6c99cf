"""An export as JSON, for programs.

```
{
  "format": "switchboard-export", "version": 1,
  "exported_at": time,
  "user": {"name": text, "locale": text},
  "conversations": [{
    "id": number, "title": text, "messenger": text, "specialist": name, "archived": true|false,
    "created_at": time, "active_at": time,
    "turns": [{
      "id": number, "state": text, "specialist": name, "created_at": time, "finished_at": time|null,
      "version": number (1 for the first reply, more after an edit or "again"), "confidence": 0..1|null,
      "rating": 1|0|-1, "error": text,
      "messages": [{
        "role": "user"|"assistant", "text": text, "version": number, "created_at": time,
        "sent": [{
          "name": text (may be empty), "kind": "photo"|"voice"|"audio"|"video"|"video_note"|"document"|…,
          "media_type": text, "size_bytes": number|null, "duration_seconds": number|null,
          "state": "waiting"|"ready"|"refused", "parts": number, "part_kind": "page"|"slide"|"sheet"|…|null
        }]
      }],
      "files": [{"name": text, "media_type": text, "size_bytes": number, "version": number, "created_at": time}]
    }]
  }],
  "facts": [{"text": text, "created_at": time}],
  "briefs": [{
    "specialist": name, "values": {name: text}, "complete": true|false, "created_at": time, "updated_at": time
  }]
}
```
`rating` is the user's own. Of a conversation held with others only what the user asked and was answered is there, and
its title is the user's own words. Times are ISO 8601 in UTC.
Texts are exactly what was said: Markdown as it was written. `facts` and `briefs` are empty
in the export of one conversation. A new field may appear in version 1; none changes its meaning.
"""

import json
from datetime import UTC, datetime

from bot.commands.archive import Archive, Exported, ExportedTurn
from bot.domain.job import Json
from bot.domain.media import Upload


def as_json(archive: Archive) -> str:
    """The document described above, indented."""
    document = {
        "format": "switchboard-export",
        "version": 1,
        "exported_at": _time(archive.exported_at),
        "user": {"name": archive.user.name, "locale": archive.user.locale},
        "conversations": [_conversation(one) for one in archive.conversations],
        "facts": [{"text": fact.text, "created_at": _time(fact.created_at)} for fact in archive.facts],
        "briefs": [
            {
                "specialist": brief.specialist,
                "values": dict(brief.values),
                "complete": brief.complete,
                "created_at": _time(brief.created_at),
                "updated_at": _time(brief.updated_at),
            }
            for brief in archive.briefs
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _conversation(exported: Exported) -> Json:
    thread = exported.thread
    return {
        "id": thread.id,
        "title": thread.title,
        "messenger": thread.place.messenger,
        "specialist": thread.specialist,
        "archived": thread.archived,
        "created_at": _time(thread.created_at),
        "active_at": _time(thread.active_at),
        "turns": [_turn(one) for one in exported.turns],
    }


def _turn(exported: ExportedTurn) -> Json:
    turn = exported.turn
    return {
        "id": turn.id,
        "state": turn.state.value,
        "specialist": turn.specialist,
        "created_at": _time(turn.created_at),
        "finished_at": None if turn.finished_at is None else _time(turn.finished_at),
        "version": turn.version,
        "confidence": turn.confidence,
        "rating": turn.rating,
        "error": turn.error,
        "messages": [
            {
                "role": one.role,
                "text": one.text,
                "version": one.version,
                "created_at": _time(one.created_at),
                "sent": [_upload(upload) for upload in exported.sent_with(one)],
            }
            for one in exported.messages
        ],
        "files": [
            {
                "name": file.name,
                "media_type": file.media_type,
                "size_bytes": file.size_bytes,
                "version": file.version,
                "created_at": _time(file.created_at),
            }
            for file in exported.files
        ],
    }


def _upload(upload: Upload) -> Json:
    told = upload.attachment
    return {
        "name": told.name,
        "kind": told.kind,
        "media_type": upload.media_type or told.media_type,
        "size_bytes": upload.size_bytes or told.size_bytes,
        "duration_seconds": told.duration_seconds,
        "state": upload.state.value,
        "parts": upload.parts,
        "part_kind": upload.part_kind,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
