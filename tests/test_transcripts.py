"""How what was heard is shown, and how files are named where they cannot be."""

from dataclasses import replace

from bot.domain.incoming import Attachment
from bot.domain.media import Upload, UploadState
from bot.mentions import mention, mentions, short_name
from bot.transcripts import quoted

PAPER = Upload(
    1, 1, 1, 7, Attachment("document", "f1", "re\nport.pdf"), UploadState.READY, "document", parts=1, part_kind="page"
)


def test_what_was_heard_is_quoted_as_it_is() -> None:
    assert quoted("one *two*\nthree", lambda _: True) == "> 🎤 one \\*two\\*\n> three"


def test_of_what_is_too_long_as_much_as_fits_is_shown() -> None:
    for chars in range(20, 80):
        shown = quoted("a_b " * 100, lambda text: len(text) <= chars)  # noqa: B023  called at once
        assert chars - 4 <= len(shown) <= chars
        assert shown.endswith("\\[…\\]")


def test_files_are_mentioned_by_name_and_extent() -> None:
    photo = replace(PAPER, id=2, attachment=Attachment("photo", "f2", "photo.jpg"), sort="picture")
    song = replace(PAPER, id=3, sort="speech", text="la la", message_id=8)
    bad = replace(PAPER, id=4, state=UploadState.REFUSED, sort="", message_id=9)
    assert mentions([bad, song, photo, PAPER]) == {
        7: "[file: re port.pdf, 1 page] [picture: photo.jpg]",
        9: "[file that could not be used: re port.pdf]",
    }
    assert mention(replace(PAPER, parts=3, part_kind="lines")) == "[file: re port.pdf, text]"
    assert len(short_name(replace(PAPER, attachment=Attachment("document", "f", "x" * 500)))) == 80
