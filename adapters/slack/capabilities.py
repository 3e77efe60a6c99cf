"""What Slack lets us do in each kind of place, and how often."""

from dataclasses import replace

from adapters.slack.address import is_direct
from bot.domain.messenger import Capabilities, Level, Rate
from bot.domain.place import Place

# Tiers 2, 3 and 4 are 20, 50 and 100 calls a minute for each method and workspace, and posting is about one message a
# second for each channel (docs.slack.dev/apis/web-api/rate-limits). We keep a little below, because calls do not arrive
# in the rhythm in which they are made.
_SENDS = (Rate(3, 4.0),)
_EDITS = (Rate(48, 60.0),)
_STREAMS = (Rate(19, 60.0),)
_GROWTHS = (Rate(95, 60.0),)
_STREAM_PACE_SECONDS = (0.0, 0.6, 0.8, 1.0, 1.5)
_EDIT_PACE_SECONDS = (0.0, 1.5, 2.0, 3.0, 3.0, 4.0, 5.0)

_DIRECT = Capabilities(
    streaming="edits",
    sends=_SENDS,
    edits=_EDITS,
    streams=_STREAMS,
    growths=_GROWTHS,
    pace_seconds=_EDIT_PACE_SECONDS,
    # A file comes as a message of its own, which takes a caption and no blocks.
    files=Level.PARTIAL,
)
_DIRECT_THREAD = replace(_DIRECT, streaming="streams", pace_seconds=_STREAM_PACE_SECONDS)
_CHANNEL = replace(_DIRECT, private=False)
_CHANNEL_THREAD = replace(_DIRECT_THREAD, private=False, shared=True)
# A stream has no buttons while it grows. Where Slack has none for it either, only an edited message can be stopped.
_CHANNEL_THREAD_BY_EDITS = replace(_CHANNEL, shared=True)


def capabilities(place: Place, *, has_sessions: bool) -> Capabilities:
    """Of a direct message, a channel, or a thread in either; `has_sessions` says that Slack shows its stop button."""
    if not place.topic:
        return _DIRECT if is_direct(place) else _CHANNEL
    if not has_sessions:
        return _DIRECT if is_direct(place) else _CHANNEL_THREAD_BY_EDITS
    return _DIRECT_THREAD if is_direct(place) else _CHANNEL_THREAD
