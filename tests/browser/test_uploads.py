"""Files and voice on the chat page: chosen, dropped, pasted and recorded, read, heard, and put right."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from fpdf import FPDF
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.site import FILE_MEGABYTES, HEARD

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
_BRING = """(kind, {name, type, content}) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(content)], name, { type }));
    const options = { bubbles: true, cancelable: true };
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: data })
        : new DragEvent(kind, { ...options, dataTransfer: data });
    document.querySelector("#message").dispatchEvent(event);
}"""

_TELLS_SECONDS = """() => {
    const { send } = switchboard;
    switchboard.send = (emit, voice) => {
        document.body.dataset.toldSeconds = voice.seconds;
        return send(emit, voice);
    };
}"""
"""Writes down how long a recording is by what the page says of it."""


def document(pages: int = 3) -> FilePayload:
    pdf = FPDF()
    pdf.set_font("helvetica", size=14)
    for page in range(1, pages + 1):
        pdf.add_page()
        pdf.cell(text=f"The lease of house number {page} ends in the year 203{page}.")
    return FilePayload(name="lease.pdf", mimeType="application/pdf", buffer=bytes(pdf.output()))


def photo(name: str = "cat.png") -> FilePayload:
    content = BytesIO()
    Image.new("RGB", (320, 200), (15, 107, 92)).save(content, "PNG")
    return FilePayload(name=name, mimeType="image/png", buffer=content.getvalue())


def attaches(visitor: Visitor, *files: FilePayload) -> None:
    """By the clip, until everything is there."""
    with visitor.page.expect_file_chooser() as choosing:
        visitor.button("Attach files").click()
    choosing.value.set_files(list(files))
    expect(there(visitor)).to_have_count(len(files))


def brings(visitor: Visitor, kind: str, file: FilePayload) -> None:
    """By the mouse or from the clipboard."""
    about = {"name": file["name"], "type": file["mimeType"], "content": list(file["buffer"])}
    visitor.page.evaluate(f"([kind, file]) => ({_BRING})(kind, file)", [kind, about])


def there(visitor: Visitor) -> Locator:
    return visitor.page.locator('.tray-file[data-state="there"]')


def tray(visitor: Visitor) -> Locator:
    return visitor.page.locator(".tray-file")


def records(visitor: Visitor) -> None:
    """Speak for a second."""
    visitor.button("Record a voice message").click()
    expect(visitor.page.locator("#recorder-time")).to_have_text("0:01")


def bubble(visitor: Visitor) -> Locator:
    return visitor.page.locator(".turn").last.locator(".heard")


@pytest.fixture
def phone(visit: Visit) -> Visitor:
    return visit(**PHONE).opens()


def test_a_document_is_attached_shown_and_read(visitor: Visitor) -> None:
    attaches(visitor, document())
    visitor.says("read it, please")
    visitor.hears("I see lease.pdf: 3 × page")
    row = visitor.page.locator(".enclosed .file")
    expect(row).to_contain_text("lease.pdf")
    expect(row).to_contain_text("3 pages")
    expect(tray(visitor)).to_have_count(0)
    with visitor.page.expect_download() as loading:
        row.get_by_role("link", name="Download lease.pdf").click()
    assert loading.value.suggested_filename == "lease.pdf"
    assert loading.value.path().read_bytes().startswith(b"%PDF-")


def test_files_need_no_words_and_pictures_are_seen(visitor: Visitor) -> None:
    attaches(visitor, photo("one.png"), photo("two.png"))
    visitor.button("Send").click()
    visitor.hears("one.png (image/png), two.png (image/png)")
    expect(visitor.page.locator(".thumb img")).to_have_count(2)
    sizes = visitor.page.locator(".thumb img").evaluate_all("all => all.map((image) => image.naturalWidth)")
    assert sizes == [320, 320]
    said = visitor.page.locator(".turn").inner_text()
    visitor.page.reload()
    visitor.is_ready()
    assert visitor.page.locator(".turn").inner_text() == said


def test_a_picture_is_dropped_on_the_page(visitor: Visitor) -> None:
    brings(visitor, "dragover", photo())
    expect(visitor.page.get_by_text("Drop files here to attach them")).to_be_visible()
    brings(visitor, "drop", photo())
    expect(visitor.page.get_by_text("Drop files here to attach them")).to_be_hidden()
    expect(there(visitor)).to_contain_text("cat.png")


def test_a_picture_is_pasted(visitor: Visitor) -> None:
    brings(visitor, "paste", photo("image.png"))
    expect(there(visitor)).to_have_count(1)
    visitor.says("read it")
    visitor.hears("I see image.png (image/png)")


def test_what_was_attached_by_mistake_is_removed_with_the_keyboard(visitor: Visitor) -> None:
    attaches(visitor, photo("first.png"), photo("second.png"))
    visitor.button("Remove first.png").focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.button("Remove second.png")).to_be_focused()
    expect(visitor.page.locator("#announcer")).to_have_text("first.png is removed.")
    visitor.page.keyboard.press("Enter")
    expect(visitor.box).to_be_focused()
    expect(tray(visitor)).to_have_count(0)


def test_a_file_that_is_too_large_says_so_and_nothing_is_sent_without_the_visitor_knowing(visitor: Visitor) -> None:
    large = FilePayload(name="$& film.mp4", mimeType="video/mp4", buffer=bytes(FILE_MEGABYTES * 1_000_000 + 1))
    visitor.page.locator("#files").set_input_files([large, photo()])
    expect(tray(visitor).first).to_contain_text("$& film.mp4 is too large: at most 1 MB can be sent.")
    visitor.says("read both")
    expect(visitor.page.locator("#problem")).to_contain_text("Remove it or try it again")
    expect(visitor.box).to_have_value("read both")
    expect(visitor.page.locator(".turn")).to_have_count(0)
    visitor.button("Remove $& film.mp4").click()
    visitor.box.press("Enter")
    visitor.hears("I see cat.png (image/png)")


def test_an_upload_that_breaks_is_tried_again(visitor: Visitor) -> None:
    visitor.page.route("**/upload?*", lambda route: route.abort(), times=1)
    visitor.page.locator("#files").set_input_files([photo()])
    expect(tray(visitor)).to_contain_text("cat.png did not arrive")
    visitor.button("Try again to attach cat.png").click()
    expect(there(visitor)).to_have_count(1)


@pytest.mark.parametrize(("status", "again"), [(413, False), (422, False), (429, True), (503, True)])
def test_only_what_may_pass_is_tried_again(visitor: Visitor, status: int, again: bool) -> None:
    problem = {"detail": "The server says no."}
    visitor.page.route("**/upload?*", lambda route: route.fulfill(status=status, json=problem), times=1)
    visitor.page.locator("#files").set_input_files([photo()])
    expect(tray(visitor)).to_contain_text("The server says no.")
    expect(visitor.button("Try again to attach cat.png")).to_be_visible(visible=again)


def test_what_is_attached_outlives_a_reload(visitor: Visitor) -> None:
    attaches(visitor, photo())
    visitor.page.reload()
    visitor.is_ready()
    expect(there(visitor)).to_contain_text("cat.png")
    visitor.says("read it")
    visitor.hears("I see cat.png (image/png)")


def test_a_file_that_is_gone_is_attached_again(visitor: Visitor) -> None:
    attaches(visitor, photo())
    token = visitor.page.evaluate("JSON.parse(sessionStorage.getItem('files:/'))[0].token")
    gone = visitor.page.request.delete(f"{visitor.address}/upload/{token}", headers={"Origin": visitor.address})
    assert gone.status == 204
    visitor.says("read it")
    expect(visitor.page.locator(".dock")).to_contain_text("A file is not there any more")
    expect(tray(visitor)).to_contain_text("cat.png is not there any more")
    visitor.button("Try again to attach cat.png").click()
    expect(there(visitor)).to_have_count(1)
    visitor.box.press("Enter")
    visitor.hears("I see cat.png (image/png)")


def test_only_a_browser_that_we_know_may_upload(visitor: Visitor, visit: Visit) -> None:
    ours = {"Origin": visitor.address}
    address = f"{visitor.address}/upload?name=cat.png"
    assert visitor.page.request.post(address, data=b"mine", headers=ours).status == 201
    assert visitor.page.request.post(address, data=b"mine", headers={"Origin": "https://evil.example"}).status == 403
    stranger = visit()
    assert stranger.page.request.post(address, data=b"whose?", headers=ours).status == 403
    other = visit()
    other.context.add_cookies([{"name": "switchboard", "value": "Zm9yZ2Vk.aaaa.bbbb", "url": visitor.address}])
    assert other.page.request.post(address, data=b"whose?", headers=ours).status == 403


def test_a_message_waits_for_its_files(visitor: Visitor) -> None:
    waiting: list[Route] = []
    visitor.page.route("**/upload?*", lambda route: waiting.append(route), times=1)
    visitor.page.locator("#files").set_input_files([photo()])
    visitor.says("read it")
    expect(visitor.page.locator(".composer")).to_have_attribute("aria-busy", "true")
    expect(visitor.page.locator(".turn")).to_have_count(0)
    waiting.pop().continue_()
    visitor.hears("I see cat.png (image/png)")


def test_a_file_that_cannot_be_used_says_why_beside_the_others(visitor: Visitor) -> None:
    program = FilePayload(name="a_bill_.pdf", mimeType="application/pdf", buffer=b"MZ" + bytes(400))
    attaches(visitor, program, photo())
    visitor.says("read both")
    visitor.hears("I see cat.png (image/png), nothing else")
    expect(visitor.page.locator(".refused")).to_contain_text("a_bill_.pdf")
    expect(visitor.page.locator(".thumb img")).to_have_count(1)


def test_when_nothing_can_be_used_there_is_nothing_to_try_again(visitor: Visitor) -> None:
    attaches(visitor, FilePayload(name="program.pdf", mimeType="application/pdf", buffer=b"MZ" + bytes(400)))
    visitor.button("Send").click()
    expect(visitor.page.locator(".failure")).to_be_visible()
    expect(visitor.page.locator(".refused")).to_contain_text("program.pdf")
    expect(visitor.button("Try again")).to_be_hidden()


def test_what_is_said_is_shown_answered_and_put_right_in_place(visitor: Visitor) -> None:
    records(visitor)
    visitor.button("Send the recording").click()
    visitor.hears(HEARD, count=1)
    expect(bubble(visitor)).to_have_text(HEARD)
    expect(visitor.page.get_by_role("img", name="Voice message")).to_be_visible()
    visitor.page.locator(".question").hover()
    visitor.button("Fix what was heard").click()
    visitor.page.get_by_role("textbox", name="Fix what was heard").fill("How many red apples are there?")
    visitor.button("Save and ask again").click()
    visitor.hears("How many red apples are there?", count=1)
    expect(bubble(visitor)).to_have_text("How many red apples are there?")
    expect(visitor.page.locator(".turn")).to_have_count(1)


def test_a_recording_goes_with_the_files_and_the_words_in_the_composer(visitor: Visitor) -> None:
    attaches(visitor, photo())
    visitor.box.fill("read")
    records(visitor)
    visitor.page.keyboard.press("Enter")
    visitor.hears("I see cat.png (image/png)")
    expect(bubble(visitor)).to_have_text(HEARD)
    expect(visitor.page.locator(".bubble").first).to_have_text("read")
    expect(visitor.box).to_have_value("")


def test_escape_gives_a_recording_up(visitor: Visitor) -> None:
    records(visitor)
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("#recorder")).to_be_hidden()
    expect(visitor.button("Record a voice message")).to_be_focused()
    expect(visitor.page.locator("#announcer")).to_have_text("The recording was given up.")
    expect(visitor.page.locator(".turn")).to_have_count(0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))",
            "allow",
        ),
        ("navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))", "found"),
        ("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })", "cannot record"),
        ("delete window.MediaRecorder", "cannot record"),
    ],
    ids=["denied", "no microphone", "no devices", "no recorder"],
)
def test_without_a_microphone_there_is_a_sentence(visitor: Visitor, change: str, sentence: str) -> None:
    visitor.page.evaluate(f"() => {{ {change} }}")
    visitor.button("Record a voice message").click()
    expect(visitor.page.locator("#problem")).to_contain_text(sentence)
    expect(visitor.page.locator("#recorder")).to_be_hidden()


def test_the_longest_recording_ends_by_itself_and_is_still_the_visitors_to_send(visitor: Visitor) -> None:
    visitor.page.locator(".composer").evaluate("form => { form.dataset.voiceSeconds = 1 }")
    visitor.page.evaluate(_TELLS_SECONDS)
    visitor.button("Record a voice message").click()
    expect(visitor.page.locator("#problem")).to_contain_text("as long as it may be")
    visitor.button("Send the recording").click()
    visitor.hears(HEARD)
    told = visitor.page.locator("body").get_attribute("data-told-seconds")
    assert told == "1", "what is longer than it may be is refused"


def test_a_spoken_reply_can_be_played(visit: Visit) -> None:
    visitor = visit().opens()
    visitor.says("/voice on")
    expect(visitor.page.locator(".notice")).to_be_visible()
    visitor.says("Good morning to you")
    player = visitor.page.locator(".turn .player audio")
    expect(player).to_be_attached()
    expect(visitor.page.locator(".notice .player")).to_have_count(0)
    player.evaluate("audio => new Promise((resolve) => { audio.onended = resolve; audio.play() })")
    assert player.evaluate("audio => audio.duration") > 0
    part = visitor.page.request.get(visitor.address + str(player.get_attribute("src")), headers={"Range": "bytes=0-3"})
    assert (part.status, part.body()) == (206, b"OggS")


def test_nobody_else_can_fetch_what_came_with_a_message(visitor: Visitor, visit: Visit) -> None:
    attaches(visitor, photo())
    visitor.button("Send").click()
    visitor.hears("I see cat.png")
    link = visitor.page.locator(".thumb").get_attribute("href")
    assert link is not None
    assert re.fullmatch(r"/uploads/[0-9]+", link)
    mine = visitor.page.request.get(visitor.address + link)
    assert (mine.status, mine.headers["x-content-type-options"]) == (200, "nosniff")
    stranger = visit().opens()
    stranger.says("Hello")
    stranger.hears("Hello")
    assert stranger.page.request.get(visitor.address + link).status == 404


def test_the_microphone_is_for_our_own_pages_only(visitor: Visitor) -> None:
    headers = visitor.page.request.get(visitor.address + "/").headers
    assert "microphone=(self)" in headers["permissions-policy"]
    assert "media-src 'self' blob:" in headers["content-security-policy"]


def test_a_phone_has_room_for_files_and_the_recorder(phone: Visitor) -> None:
    phone.page.locator("#files").set_input_files([document(), photo("a-very-long-name-" * 8 + ".png")])
    expect(there(phone)).to_have_count(2)
    assert phone.overflow <= 0
    records(phone)
    assert phone.overflow <= 0
    phone.button("Send the recording").click()
    phone.hears(HEARD)
    assert phone.overflow <= 0


def test_a_name_without_spaces_makes_nothing_wider_than_the_window(phone: Visitor) -> None:
    name = "n" * 190 + ".txt"
    phone.page.locator("#files").set_input_files(
        [FilePayload(name=name, mimeType="text/plain", buffer=b"The bridge closes on 14 March.")]
    )
    expect(there(phone)).to_have_count(1)
    phone.box.fill("What does it say?")
    phone.button("Send").click()
    expect(phone.page.locator(".question .file")).to_be_visible()
    for part in (".scroll", ".turn", ".question", ".question .file", ".question .bubble"):
        width = phone.page.locator(part).last.bounding_box()
        assert width is not None
        assert width["x"] >= 0
        assert width["x"] + width["width"] <= 390, part
