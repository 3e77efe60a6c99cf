"""What Telegram plays, told by its first bytes (https://core.telegram.org/bots/api#sendvoice)."""

_OGG = b"OggS"
_OPUS = b"OpusHead"
_FIRST_PAGE_BYTES = 512


def is_voice(data: bytes) -> bool:
    """Whether it can be a voice message: OGG with Opus, MP3 or M4A."""
    return is_opus(data) or is_track(data)


def is_opus(data: bytes) -> bool:
    """Whether it is OGG with Opus, by its first page."""
    return data.startswith(_OGG) and _OPUS in data[:_FIRST_PAGE_BYTES]


def is_track(data: bytes) -> bool:
    """Whether the music player takes it: MP3 or M4A."""
    is_mp3 = data.startswith(b"ID3") or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2)
    return is_mp3 or data[4:8] == b"ftyp"
