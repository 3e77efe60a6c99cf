"""A Whisper model in CTranslate2's form, as small as one can be, made here: to all speech it says the same."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec, whisper_spec
from faster_whisper.tokenizer import _LANGUAGE_CODES as LANGUAGES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

_WIDTH = 8
_HEADS = 2
_MELS = 80
_MULTILINGUAL = ""
"""A token without letters is what tells CTranslate2 that a model speaks more than English."""
_TIMESTAMPS = 1_501
_CHAIN = ("<|transcribe|>", "<|0.00|>", "Ġtiny", "Ġear", "<|1.00|>", "<|endoftext|>")
"""What follows what: the beginning of a second, two words, its end."""
_CONTROLS = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]


def tiny_whisper(folder: Path) -> Path:
    """The folder, with a model in it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = _tokens()
    spec = whisper_spec.WhisperSpec(1, _HEADS, 1, _HEADS)
    _fill(spec, tokens)
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = [tokens.index(f"<|{code}|>") for code in LANGUAGES]
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.save(str(folder))
    _tokenizer(tokens).save(str(folder / "tokenizer.json"))
    features = {"feature_size": _MELS, "hop_length": 160, "n_fft": 400, "sampling_rate": 16_000, "chunk_length": 30}
    (folder / "preprocessor_config.json").write_text(json.dumps(features))
    return folder


def _tokens() -> list[str]:
    marks = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES)]
    marks += [f"<|{name}|>" for name in _CONTROLS]
    times = [f"<|{number * 0.02:.2f}|>" for number in range(_TIMESTAMPS)]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [token for token in _CHAIN if not token.startswith("<|")]
    return [*letters, *words, _MULTILINGUAL, *marks, *times]


def _tokenizer(tokens: list[str]) -> Tokenizer:
    marks = [token for token in tokens if token.startswith("<|") and not token[2].isdigit()]
    made = Tokenizer(models.BPE(vocab={token: at for at, token in enumerate(tokens)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in marks])
    return made


def _fill(spec: whisper_spec.WhisperSpec, tokens: list[str]) -> None:
    """Nothing but what follows what: the layers add nothing to a token, and the projection reads its successor."""

    def none(*shape: int) -> Any:
        return np.zeros(shape, np.float32)

    def linear(one: common_spec.LinearSpec, out: int, into: int) -> None:
        one.weight, one.bias = none(out, into), none(out)

    def norm(one: common_spec.LayerNormSpec) -> None:
        one.gamma, one.beta = np.ones(_WIDTH, np.float32), none(_WIDTH)

    def attention(one: Any, *, crossed: bool) -> None:
        norm(one.layer_norm)
        for at, out in enumerate((_WIDTH, 2 * _WIDTH, _WIDTH) if crossed else (3 * _WIDTH, _WIDTH)):
            linear(one.linear[at], out, _WIDTH)

    def feed_forward(one: transformer_spec.FeedForwardSpec) -> None:
        norm(one.layer_norm)
        linear(one.linear_0, 4 * _WIDTH, _WIDTH)
        linear(one.linear_1, _WIDTH, 4 * _WIDTH)

    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = none(_WIDTH, _MELS, 3), none(_WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = none(_WIDTH, _WIDTH, 3), none(_WIDTH)
    encoder.position_encodings.encodings = none(1_500, _WIDTH)
    decoder.position_encodings.encodings = none(448, _WIDTH)
    decoder.embeddings.weight = none(len(tokens), _WIDTH)
    decoder.projection.weight = none(len(tokens), _WIDTH)
    for at, (token, successor) in enumerate(pairwise(_CHAIN)):
        decoder.embeddings.weight[tokens.index(token), at] = 1.0
        decoder.projection.weight[tokens.index(successor), at] = 10.0
    for half in (encoder, decoder):
        norm(half.layer_norm)
        for layer in half.layer:
            attention(layer.self_attention, crossed=False)
            feed_forward(layer.ffn)
    for layer in decoder.layer:
        attention(layer.attention, crossed=True)
