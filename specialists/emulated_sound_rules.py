"""What OpenAI refuses of requests for transcription and speech: files, formats, languages, hints, lengths, voices."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from io import BytesIO

import av
from openai.types.audio.speech_create_params import SpeechCreateParams

from specialists.emulated_openai_rules import (
    check_known,
    check_model,
    check_number,
    invalid,
    missing,
    not_emulated,
    wrong_type,
    wrong_value,
)
from specialists.emulated_steps import Json
from specialists.emulated_wire import Refusal

LONGEST_INPUT_CHARS = 4_096
VOICES = frozenset(
    {"alloy", "ash", "ballad", "coral", "echo", "fable", "onyx"}
    | {"nova", "sage", "shimmer", "verse", "marin", "cedar"}
)

_MOST_BYTES = 25 * 1024 * 1024
_SHORTEST_SECONDS = 0.1
_LONGEST_UNCUT_SECONDS = 30.0
_ENDINGS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "ogg", "wav", "webm")
_NOT_PLAYED = ("include", "known_speaker_names", "known_speaker_references", "timestamp_granularities")
_FIELDS = frozenset(
    {"file", "model", "chunking_strategy", "keywords", "language", "languages", "prompt", "response_format", "stream"}
    | {"temperature", *_NOT_PLAYED}
)
_GPT = "gpt-transcribe"
_DIARIZING = "gpt-4o-transcribe-diarize"
_OLDER = re.compile(r"whisper-1|gpt-4o(-mini)?-transcribe")
_FORMATS = {"whisper-1": ("json", "text", "srt", "verbose_json", "vtt"), _DIARIZING: ("json", "text", "diarized_json")}
_PLAYED_FORMATS = ("json", "verbose_json")
_LANGUAGES = frozenset(
    re.findall(
        r"[a-z]{2}",
        "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv "
        "dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie "
        "ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv "
        "mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm "
        "rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts "
        "tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ",
    )
)
"""ISO 639-1."""


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a form: text, or a file with its name and media type."""

    text: str = ""
    content: bytes | None = field(default=None, repr=False)
    name: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class ReadForm:
    """A request for transcription that would be taken."""

    content: bytes = field(repr=False)
    name: str
    media_type: str
    model: str
    languages: tuple[str, ...]
    prompt: str
    keywords: tuple[str, ...]
    format: str
    duration_seconds: float


def read_transcription(parts: Mapping[str, list[Part]], catalog: Collection[str]) -> ReadForm:
    """Refusal for what OpenAI would not take."""
    for name in parts:
        if name.removesuffix("[]") not in _FIELDS:
            raise invalid(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        if name.removesuffix("[]") in _NOT_PLAYED:
            raise not_emulated(name)
    texts = {name: [part.text for part in values] for name, values in parts.items()}
    told = {name: values[0] for name, values in texts.items() if name != "file"}
    model = check_model(dict(told), catalog)
    _check_choices(model, told)
    _check_hints(model, texts)
    languages = (*texts.get("language", ()), *_listed(texts, "languages"))
    for language in languages:
        if language not in _LANGUAGES:
            message = f"Invalid language '{language}'. Language parameter must be specified in ISO-639-1 format."
            raise invalid(message, param="language", code="invalid_language_format")
    file = next(iter(parts.get("file", ())), Part())
    duration_seconds = _check_file(file)
    if model == _DIARIZING and duration_seconds > _LONGEST_UNCUT_SECONDS and not told.get("chunking_strategy"):
        raise invalid("chunking_strategy is required for diarization models", param="chunking_strategy")
    return ReadForm(
        file.content or b"",
        file.name,
        file.media_type,
        model,
        tuple(languages),
        told.get("prompt", ""),
        tuple(_listed(texts, "keywords")),
        told.get("response_format", "json"),
        duration_seconds,
    )


def read_speech(body: Json, catalog: Collection[str], formats: Collection[str]) -> None:
    """Refusal for what OpenAI would not take."""
    check_known(body, SpeechCreateParams.__required_keys__ | SpeechCreateParams.__optional_keys__, {})
    model = check_model(body, catalog)
    text = body.get("input")
    if text is None:
        raise missing("input")
    if not isinstance(text, str):
        raise wrong_type("input", "a string", text)
    if not text:
        raise invalid("Invalid 'input': empty string.", param="input", code="empty_string")
    if len(text) > LONGEST_INPUT_CHARS:
        message = (
            f"Invalid 'input': string too long. Expected a string with maximum length {LONGEST_INPUT_CHARS}, but got a"
            f" string with length {len(text)} instead."
        )
        raise invalid(message, param="input", code="string_above_max_length")
    _check_voice(body.get("voice"), model)
    check_number(body, "speed", 0.25, 4.0)
    wanted = body.get("response_format") or "mp3"
    if wanted not in (*formats, "pcm"):
        raise wrong_value("response_format", wanted, (*formats, "pcm"))
    if wanted not in formats:
        raise not_emulated("response_format")
    if body.get("stream_format") not in (None, "audio"):
        raise not_emulated("stream_format")


def _check_voice(voice: object, model: str) -> None:
    if voice is None:
        raise missing("voice")
    if isinstance(voice, dict) and isinstance(voice.get("id"), str):
        return
    if not isinstance(voice, str):
        raise wrong_type("voice", "one of a string or an object", voice)
    if voice not in VOICES and model.startswith(("tts-1", "gpt-")):
        raise wrong_value("voice", voice, VOICES)


def _check_choices(model: str, told: Mapping[str, str]) -> None:
    if told.get("stream") not in (None, "false"):
        raise not_emulated("stream")
    try:
        check_number({"temperature": float(told.get("temperature", "0"))}, "temperature", 0, 1)
    except ValueError as error:
        raise wrong_type("temperature", "a decimal", told["temperature"]) from error
    wanted = told.get("response_format", "json")
    allowed = _FORMATS.get(model, ("json",) if _OLDER.match(model) or model == _GPT else _FORMATS["whisper-1"])
    if wanted not in allowed:
        message = f"response_format '{wanted}' is not compatible with model '{model}'. Use 'json' instead."
        raise invalid(message, param="response_format", code="unsupported_value")
    if wanted not in _PLAYED_FORMATS:
        raise not_emulated("response_format")


def _check_hints(model: str, texts: Mapping[str, list[str]]) -> None:
    """Each model takes hints in its own words; of other makers' models nothing is known."""
    given = {name.removesuffix("[]") for name in texts}
    if model == _GPT and "prompt" in given:
        raise _unsupported("prompt", model)
    if _OLDER.match(model):
        for name in ("keywords", "languages"):
            if name in given:
                raise _unsupported(name, model)
    if model == _DIARIZING and "prompt" in given:
        raise _unsupported("prompt", model)


def _unsupported(name: str, model: str) -> Refusal:
    message = f"Unsupported parameter: '{name}' is not supported with model '{model}'."
    return invalid(message, param=name, code="unsupported_parameter")


def _check_file(file: Part) -> float:
    """The duration in seconds."""
    if file.content is None:
        raise missing("file")
    if len(file.content) > _MOST_BYTES:
        message = f"Maximum content size limit ({_MOST_BYTES}) exceeded ({len(file.content)} bytes read)"
        raise invalid(message, status=413)
    ending = file.name.lower().rpartition(".")[2] if "." in file.name else ""
    if ending not in _ENDINGS:
        raise invalid(f"Unrecognized file format. Supported formats: {list(_ENDINGS)}", param="file")
    if ending not in _endings_of(file.content):
        raise _corrupted()
    duration_seconds = duration_of(file.content)
    if duration_seconds is None:
        raise _corrupted()
    if duration_seconds < _SHORTEST_SECONDS:
        message = "Audio file is too short. Minimum audio length is 0.1 seconds."
        raise invalid(message, param="file", code="audio_too_short")
    return duration_seconds


def _corrupted() -> Refusal:
    return invalid("Audio file might be corrupted or unsupported", param="file", code="invalid_value")


def _endings_of(content: bytes) -> tuple[str, ...]:
    """Which endings fit what the first bytes show."""
    match content[:4]:
        case b"OggS":
            return ("ogg",)
        case b"fLaC":
            return ("flac",)
        case b"RIFF" if content[8:12] == b"WAVE":
            return ("wav",)
        case b"\x1aE\xdf\xa3":
            return ("webm",)
        case _ if content[4:8] == b"ftyp":
            return ("mp4", "m4a")
        case _ if content[:3] == b"ID3" or (content[:1] == b"\xff" and content[1:2] >= b"\xe0"):
            return ("mp3", "mpeg", "mpga")
        case b"\x00\x00\x01\xba" | b"\x00\x00\x01\xb3":
            return ("mpeg",)
        case _:
            return ()


def duration_of(content: bytes) -> float | None:
    """Seconds of sound; None when it cannot be read."""
    try:
        with av.open(BytesIO(content), "r") as container:
            if not container.streams.audio:
                return None
            return sum((frame.samples / frame.sample_rate for frame in container.decode(audio=0)), 0.0)
    except (av.FFmpegError, ValueError):
        return None


def _listed(texts: Mapping[str, list[str]], name: str) -> list[str]:
    return [*texts.get(f"{name}[]", ()), *texts.get(name, ())]
