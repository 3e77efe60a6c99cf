"""PDF, Word and PowerPoint: what stands on which page."""

import pytest

from bot.documents.findings import DocumentFound
from bot.documents.limits import Limits
from bot.domain.media import Extract, Part
from tests.documents.conftest import Look, Read, Refuse
from tests.fakes import papers

_PAGE_BREAK = '<w:r><w:lastRenderedPageBreak/><w:t xml:space="preserve">{}</w:t></w:r>'


def texts(extract: Extract) -> list[tuple[str, int, str]]:
    return [(part.kind, part.number, part.text) for part in extract.parts]


def test_pages_of_a_pdf_keep_their_numbers(read: Read) -> None:
    extract = read("hours.pdf", papers.pdf("It opens at nine.", "", "It closes at five."))
    assert texts(extract) == [("page", 1, "It opens at nine."), ("page", 3, "It closes at five.")]
    assert not extract.is_cut


def test_a_long_pdf_is_cut_and_says_so(read: Read) -> None:
    extract = read("long.pdf", papers.pdf("one", "two", "three"), limits=Limits(pages=2))
    assert [part.number for part in extract.parts] == [1, 2]
    assert extract.is_cut


def test_a_pdf_of_exactly_the_limit_is_not_cut(read: Read) -> None:
    assert not read("two.pdf", papers.pdf("one", "two"), limits=Limits(pages=2)).is_cut


def test_a_pdf_that_only_forbids_printing_is_read(read: Read) -> None:
    assert read("open.pdf", papers.pdf("open", owner_password="owner")).parts[0].text == "open"


def test_a_pdf_behind_a_password_is_refused(refuse: Refuse) -> None:
    assert refuse("locked.pdf", papers.pdf("secret", password="open sesame")) == "file-encrypted"


def test_a_scan_has_no_text(refuse: Refuse) -> None:
    assert refuse("scan.pdf", papers.pdf("", "")) == "file-no-text"


def test_a_picture_as_pdf_has_no_text_either(refuse: Refuse) -> None:
    assert refuse("scan.pdf", papers.picture("PDF")) == "file-no-text"


def test_word_is_read_by_its_headings(read: Read) -> None:
    document = papers.word(
        "Foreword", "# Часы работы", "Мост открыт с девяти.", "- Sunday", "## Prices", [["Day", "Price"], ["Mo", "3 €"]]
    )
    assert read("bridge.docx", document).parts == (
        Part("section", 1, "", "Foreword"),
        Part("section", 2, "Часы работы", "# Часы работы\nМост открыт с девяти.\n- Sunday"),
        Part("section", 3, "Prices", "## Prices\nDay | Price\nMo | 3 €"),
    )


def test_word_without_headings_is_one_section(read: Read) -> None:
    assert texts(read("note.docx", papers.word("One.", "Two."))) == [("section", 1, "One.\nTwo.")]


def test_word_is_read_by_the_pages_that_word_has_seen(read: Read) -> None:
    document = papers.word("one", "two", "three")
    changed = _in_the_body(document, {"two": f"<w:t>tw</w:t></w:r>{_PAGE_BREAK.format('o')}<w:r>"})
    assert texts(read("pages.docx", changed)) == [("page", 1, "one\ntw"), ("page", 2, "o\nthree")]


def test_word_shows_what_is_inserted_and_not_what_is_deleted(read: Read) -> None:
    document = papers.word("old", "form", "row")
    changes = {
        "old": "</w:r><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        '<w:ins w:author="A"><w:r><w:t>new</w:t></w:r></w:ins><w:r>',
        "form": "</w:r><w:sdt><w:sdtContent><w:r><w:t>filled in</w:t></w:r></w:sdtContent></w:sdt><w:r>",
    }
    assert read("changed.docx", _in_the_body(document, changes)).parts[0].text == "new\nfilled in\nrow"


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_notes_stand_where_word_refers_to_them(read: Read, kind: str) -> None:
    document = _in_the_body(
        papers.word("Open daily", "end"), {"Open daily": f'<w:t>Open daily</w:t><w:{kind}Reference w:id="2"/>'}
    )
    names = "http://schemas.openxmlformats.org"
    note = f'<w:{kind} w:id="2"><w:p><w:r><w:t>Not on Mondays.</w:t></w:r></w:p></w:{kind}>'
    relations = papers.member(document, "word/_rels/document.xml.rels").decode()
    link = f'<Relationship Id="n" Type="{names}/officeDocument/2006/relationships/{kind}s" Target="{kind}s.xml"/>'
    changed = papers.with_members(
        document,
        {
            f"word/{kind}s.xml": f'<w:{kind}s xmlns:w="{names}/wordprocessingml/2006/main">{note}</w:{kind}s>',
            "word/_rels/document.xml.rels": relations.replace("</Relationships>", f"{link}</Relationships>"),
        },
    )
    assert read("noted.docx", changed).parts[0].text == "Open daily [Not on Mondays.]\nend"


def test_charts_are_read_by_their_values(read: Read) -> None:
    show = papers.slides(("Year", "As ever"), chart={"Spring": 10, "Autumn": 20.5})
    assert texts(read("show.pptx", show)) == [
        ("slide", 1, "# Year\nAs ever\nTickets\nSales | Spring: 10 | Autumn: 20.5")
    ]


def test_slides_come_with_their_tables_and_notes(read: Read) -> None:
    show = papers.slides(("Мост", "Open at nine"), ("Prices", "As ever"), notes="Smile.", table=[["Day", "Price"]])
    assert texts(read("show.pptx", show)) == [
        ("slide", 1, "# Мост\nOpen at nine"),
        ("slide", 2, "# Prices\nAs ever\nDay | Price\nNotes: Smile."),
    ]


def test_many_slides_are_cut(read: Read) -> None:
    extract = read("show.pptx", papers.slides(("a", "b"), ("c", "d")), limits=Limits(pages=1))
    assert (len(extract.parts), extract.is_cut) == (1, True)


@pytest.mark.parametrize("name", ["bridge.docx", "bridge", "bridge.pdf", "bridge.jpg", "bridge.txt"])
def test_the_content_counts_not_the_name(look: Look, name: str) -> None:
    found = look(name, papers.word("Hello"))
    assert isinstance(found, DocumentFound)
    assert found.media_type.endswith("wordprocessingml.document")


def test_characters_beyond_the_limit_are_cut(read: Read) -> None:
    extract = read("long.docx", papers.word("# One", "a" * 50, "# Two", "b" * 50), limits=Limits(chars=80))
    assert sum(len(part.text) for part in extract.parts) == 80
    assert extract.is_cut


def _in_the_body(document: bytes, changes: dict[str, str]) -> bytes:
    """The document with runs of text replaced by other markup."""
    body = papers.member(document, "word/document.xml").decode()
    for text, markup in changes.items():
        assert f"<w:t>{text}</w:t>" in body
        body = body.replace(f"<w:t>{text}</w:t>", markup)
    return papers.with_members(document, {"word/document.xml": body})
