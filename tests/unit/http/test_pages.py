"""The documents for people and programs: who gets which form, and that a page is whole, plain and safe."""

import re
from collections.abc import AsyncIterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from jinja2 import UndefinedError
from prometheus_client import CollectorRegistry

from mkondo.adapters.html.templates import Templates
from mkondo.adapters.http.pages import pages, prefers_page
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.schemas import public_events
from mkondo.openapi.codes import CODES
from mkondo.openapi.codes_page import codes_page
from mkondo.openapi.operations import OPERATIONS
from services.cli.published import LINKS, published

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
ALONE = {"br", "hr", "meta", "link", "img", "input"}


async def _ready() -> Mapping[str, str]:
    return {}


@pytest.fixture
async def web() -> AsyncIterator[httpx.AsyncClient]:
    app = pages(SystemIds(), _ready, CollectorRegistry(), published())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mkondo") as client:
        yield client


class Reader(HTMLParser):
    """What a page is made of; a tag that is not closed where it should be is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ALONE:
            self.open.append(tag)
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.targets += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        assert not [name for name in found if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("TEXT/HTML", True),
        ("application/json;q=0.5, text/html;q=0.9", True),
        ("text/html;q=x", True),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html;q=0.9", False),
        ("text/html;q=0", False),
        (",;q=,", False),
    ],
)
async def test_a_browser_gets_the_page_of_codes_and_a_program_its_rows(
    web: httpx.AsyncClient, accept: str, page: bool
) -> None:
    assert prefers_page(accept) is page
    answer = await web.get("/docs/codes", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == ("text/html; charset=utf-8" if page else "application/json")
    assert answer.headers["vary"] == "Accept", "a cache keeps the two apart"
    if not page:
        assert [row["code"] for row in answer.json()] == list(CODES)


async def test_the_page_of_codes_says_everything_that_its_rows_say(web: httpx.AsyncClient) -> None:
    page = Reader((await web.get("/docs/codes", headers={"Accept": BROWSER})).text)
    assert page.ids == list(CODES), "each code is an address within the page"
    assert set(page.targets) == {"/docs/", *(f"#{code}" for code in CODES)}
    for row in codes_page():
        words = f"{row.code} {row.text} HTTP {row.http_status} Why {row.cause} What to do {row.mend} "
        assert f"{words}Send again? {row.resend_advice}" in page.text
        for use in row.answers:
            assert f"{use.http_status} {use.text} {', '.join(use.labels)} {use.source}" in page.text


async def test_the_first_page_links_every_document_and_lists_every_operation(web: httpx.AsyncClient) -> None:
    for path in ("/docs", "/docs/"):
        answer = await web.get(path)
        page = Reader(answer.text)
        assert page.targets == [link.path for link in LINKS]
        assert all(f"{row.label} {row.method} {row.path}" in page.text for row in OPERATIONS.values())
    for path in page.targets:
        assert (await web.get(path)).status_code == 200
    schemas = {f"/docs/events/{event.name}.schema.json" for event in public_events()}  # the page says where they are
    linked = {*page.targets, *schemas, "/docs", "/docs/"}
    assert linked == published().keys(), "nothing is served that the page does not name"


@pytest.mark.parametrize("path", ["/docs/", "/docs/codes"])
async def test_a_page_needs_nothing_but_itself_and_can_be_printed(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path, headers={"Accept": BROWSER})
    page = Reader(answer.text)
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "form", "details"}), "search in the page finds all"
    assert not re.search(r"url\(|@import|://", answer.text)
    assert "@media print" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_served_files_are_the_committed_ones(web: httpx.AsyncClient) -> None:
    docs = Path(__file__).parents[3] / "docs"
    for name in ("m-pesa-openapi.json", "m-pesa.postman_collection.json"):
        answer = await web.get(f"/docs/{name}", headers={"Accept": BROWSER})
        assert answer.headers["content-type"] == "application/json"
        assert answer.content == (docs / name).read_bytes()


def test_whatever_a_value_holds_is_shown_as_text() -> None:
    row = {"code": "<script>", "text": "\"'&", "http_status": 1, "cause": "", "mend": "", "resend_advice": ""}
    page = Templates().render("codes.html", {"rows": [{**row, "answers": []}], "explanation": "<i>"}).decode()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert 'id="&lt;script&gt;"' in page and "&#34;&#39;&amp;" in page


def test_a_value_that_a_template_lacks_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        Templates().render("codes.html", {})


def test_a_folder_of_a_service_stands_before_our_own(tmp_path: Path) -> None:
    (tmp_path / "docs.html").write_text('{% extends "frame.html" %}{% block title %}Mine{% endblock %}')
    page = Templates(tmp_path).render("docs.html", {}).decode()
    assert "<title>Mine · Mkondo</title>" in page
