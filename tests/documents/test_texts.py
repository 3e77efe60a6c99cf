"""Text, Markdown, source code and pages of the web."""

import pytest

from bot.documents.limits import Limits
from bot.domain.media import Part
from tests.documents.conftest import Read, Refuse

RUSSIAN = "Мост открывается каждый день в девять часов утра, а закрывается в пять. Приходите, пожалуйста, заранее."


def test_lines_of_source_code_keep_their_numbers(read: Read) -> None:
    code = "".join(f"print({number})\r\n" for number in range(1, 251)).encode()
    parts = read("script.py", code).parts
    assert [(part.kind, part.number, part.name) for part in parts] == [
        ("lines", 1, "100"),
        ("lines", 101, "200"),
        ("lines", 201, "250"),
    ]
    assert parts[1].text.split("\n")[0] == "print(101)"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1251", "koi8-r", "cp866"])
def test_text_in_any_encoding(read: Read, encoding: str) -> None:
    assert read("note.txt", RUSSIAN.encode(encoding)).parts[0].text == RUSSIAN


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Voilà, déjà vu: café à 5 €. Où êtes-vous?"),
        ("cp1252", "A situação não é fácil: há muitas ações. Atenção, irmão."),
        ("cp1252", "Perché la città è così bella?"),
        ("cp1252", "Größe: 5 m² für Müller"),
        ("cp1252", "Price: 5 € – each"),
        ("cp1250", "Zażółć gęślą jaźń. Wczoraj kupiłam świeże bułki."),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy."),
        ("cp1254", "İstanbul'da güneşli bir gün, şarkı söylüyorlar ve ağaçlara çıkıyorlar."),
        ("cp1251", "id;name;sum\n1;Иван;5\n2;Мария;7\n"),
        ("cp1251", "Договор №5 от 12 марта. Цена – 100 €"),
        ("cp1251", "Привет"),
        ("cp1251", "ДОГОВОР ПОСТАВКИ"),
        ("cp1251", "John Smith, Иван, Mary"),
        ("cp1251", "явка 95 процентов, явка на выборах"),
        ("cp1251", "Договір № 5: Її Ґанок, єдиний; місто Київ."),
        ("mac-cyrillic", RUSSIAN),
        ("cp1253", "Αυτό είναι ένα ελληνικό κείμενο για δοκιμή της κωδικοποίησης. Ανοίγει στις εννέα."),
        ("cp1255", "זהו טקסט בעברית לבדיקת הקידוד. הגשר נפתח בשעה תשע בבוקר ונסגר בחמש."),
        ("gb18030", "这是一个中文文本文件，用于测试编码检测。今天天气很好，我们去公园散步。"),
        ("shift_jis", "これは日本語のテキストファイルです。文字コードの判定を試験します。"),
        ("utf-16-le", "Hello without a mark\nПривет – без метки"),
        ("utf-16-be", "Hello without a mark\nПривет – без метки"),
    ],
)
def test_old_encodings_are_told_by_the_words_they_make(read: Read, encoding: str, text: str) -> None:
    assert read("note.txt", text.encode(encoding)).parts[0].text == text.rstrip("\n")


def test_a_broken_byte_is_lost_and_no_more(read: Read) -> None:
    assert read("note.txt", "Привет ".encode() * 20 + b"\xff!").parts[0].text == "Привет " * 20 + "\ufffd!"


@pytest.mark.parametrize(
    "name", ["data.json", "config.yaml", "page.xml", "server.log", "Makefile", "pic.svg", "tool.sh"]
)
def test_anything_written_is_text(read: Read, name: str) -> None:
    assert read(name, b"#!/bin/sh\n<a>: {}\n").parts == (Part("lines", 1, "2", "#!/bin/sh\n<a>: {}"),)


def test_markdown_by_its_headings(read: Read) -> None:
    text = "Before.\n\n# One\n## Two\nText\n```sh\n# no heading\n```\n#### Deeper\nmore\n### Three\nend\n"
    assert read("notes.md", text.encode()).parts == (
        Part("section", 1, "", "Before."),
        Part("section", 2, "One", "# One\n## Two\nText\n```sh\n# no heading\n```\n#### Deeper\nmore"),
        Part("section", 3, "Three", "### Three\nend"),
    )


PAGE = """<!DOCTYPE html><html><head><title>T</title><style>p {{}}</style></head><body><script>evil()</script>
<!-- hidden --><h1>Мост</h1><p>Open <b>daily</b>, see <a href="https://example.org/">here</a>.</p>
<template>no</template><h2>Prices</h2><table><tr><th>Day</th><th>€</th></tr><tr><td>Mo</td><td>3</td></tr></table>
<img src="data:image/png;base64,AAAA"></body></html>"""


@pytest.mark.parametrize("name", ["page.html", "saved", "report.doc.xls"])
def test_a_page_of_the_web(read: Read, name: str) -> None:
    assert read(name, PAGE.encode()).parts == (
        Part("section", 1, "Мост", "# Мост\n\nOpen **daily**, see [here](https://example.org/)."),
        Part("section", 2, "Prices", "## Prices\n\n| Day | € |\n| --- | --- |\n| Mo | 3 |"),
    )


def test_a_page_of_too_many_elements_is_cut(read: Read) -> None:
    page = b"<html><body>" + b"<p>a" * 97 + b"<p>the last<p>too many"
    extract = read("page.html", page, limits=Limits(chars=1000))
    assert extract.is_cut
    assert extract.parts[-1].text.endswith("a\n\nthe last")


def test_its_source_stays_source_when_it_is_called_so(read: Read) -> None:
    assert read("page.txt", PAGE.encode()).parts[0].kind == "lines"


def test_an_article_about_pdf_is_no_pdf(read: Read) -> None:
    assert read("about.md", b"Such files begin with %PDF-1.7, always.\n").parts[0].kind == "section"


def test_what_no_text_contains_is_taken_out(read: Read) -> None:
    assert read("odd.txt", b"a\x0cb\x1b[1mc\r\n\r\nd").parts[0].text == "a\nb[1mc\n\nd"


def test_characters_and_parts_beyond_the_limits_are_cut(read: Read) -> None:
    extract = read("long.txt", b"x\n" * 1000, limits=Limits(parts=3))
    assert (len(extract.parts), extract.is_cut) == (3, True)
    extract = read("long.txt", b"x" * 1000, limits=Limits(chars=30))
    assert (extract.parts[0].text, extract.is_cut) == ("x" * 30, True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "file-empty"),
        (b" \n\n", "file-empty"),
        (b"a\0b", "file-unsupported"),
        (b"hello " * 2000 + b"\0", "file-unsupported"),
        (bytes(range(1, 9)) * 100, "file-unsupported"),
        (b"{\\rtf1 hello}", "file-unsupported"),
    ],
)
def test_what_is_no_text_is_refused(refuse: Refuse, content: bytes, reason: str) -> None:
    assert refuse("notes.txt", content) == reason


def test_a_file_over_the_limit_is_refused(refuse: Refuse) -> None:
    assert refuse("big.txt", b"x" * 2_000_001, limits=Limits(file_bytes=2_000_000)) == "file-too-large"
