"""What of a reply is spoken."""

from bot.markdown.speakable import speakable


def test_sentences_are_spoken_without_their_markup() -> None:
    assert (
        speakable("# Hello\n\nThis is **bold** and [a link](https://example.org).", 100)
        == "Hello\nThis is bold and a link."
    )


def test_code_tables_and_addresses_are_not_read_aloud() -> None:
    reply = (
        "Run this:\n\n```sh\nrm -rf build\n```\n\nThen look:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "See https://example.org/x?y=1 for more.\n\n    indented code\n"
    )
    assert speakable(reply, 500) == "Run this:\nThen look:\nSee for more."


def test_what_is_only_code_says_nothing() -> None:
    assert speakable("```py\nprint(1)\n```", 100) == ""


def test_a_long_reply_is_spoken_up_to_the_end_of_a_sentence() -> None:
    assert speakable("One is first. Two is next! Three never fits in here.", 30) == "One is first. Two is next!"


def test_a_sentence_without_end_is_cut_between_words() -> None:
    assert speakable("word " * 50, 22) == "word word word word"


def test_lists_are_spoken_line_by_line() -> None:
    assert speakable("1. Eins\n2. Zwei\n- Drei", 100) == "Eins\nZwei\nDrei"
