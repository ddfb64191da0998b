"""What is served below /docs: the OpenAPI document, the Postman collection, the codes, and a page that links them.

Each is made once, when the process starts. Read next: mkondo/adapters/http/pages.py.
"""

import msgspec

from mkondo.adapters.html.templates import SECURITY_POLICY, Templates
from mkondo.adapters.http.pages import Document
from mkondo.openapi import collection, document
from mkondo.openapi.codes_page import codes_page
from mkondo.openapi.explain import EXAMPLE
from mkondo.openapi.mozambique.document import codes_page as mozambique_codes_page
from mkondo.openapi.operations import OPERATIONS
from services.cli.documents import asyncapi, schemas

HTML, JSON, SCHEMA = "text/html; charset=utf-8", "application/json", "application/schema+json"


class Link(msgspec.Struct, frozen=True):
    """One line of the page that links all."""

    path: str
    title: str
    about: str


LINKS = (
    Link(
        "/docs/m-pesa-openapi.json",
        "OpenAPI 3.1 document",
        "All thirteen operations with their schemas, an example for each market and each code, and the callbacks that "
        "follow an asynchronous acceptance. For client generators, editors and generated tests.",
    ),
    Link(
        "/docs/m-pesa.postman_collection.json",
        "Postman collection",
        "The same as requests to send, with the encryption of the bearer in it. Import it, fill in api_key and "
        "public_key, run it from top to bottom.",
    ),
    Link(
        "/docs/asyncapi.json",
        "AsyncAPI 3.0 document",
        "The event topics for downstream systems: the families, the headers, every event with its JSON Schema. Each "
        "schema is a file of its own too, such as /docs/events/PaymentCompleted.v1.schema.json.",
    ),
    Link(
        "/docs/codes",
        "Reason codes",
        "Every code: why it is answered, what to do, and whether the same request may be sent again. A page for "
        "people, JSON for programs.",
    ),
    Link(
        "/docs/codes/mozambique",
        "Reason codes of the Mozambique gateway",
        "The same for the older gateway of that market, whose numbers mean other things: as JSON, with the codes above "
        "that each stands for.",
    ),
)


def published() -> dict[str, Document]:
    """By path."""
    templates = Templates()
    rows = codes_page()
    index = _page(templates.render("docs.html", {"documents": LINKS, "operations": OPERATIONS.values()}))
    return {
        "/docs": index,
        "/docs/": index,
        "/docs/m-pesa-openapi.json": Document(JSON, document.as_text().encode()),
        "/docs/m-pesa.postman_collection.json": Document(JSON, collection.as_text().encode()),
        "/docs/asyncapi.json": Document(JSON, asyncapi.as_text().encode()),
        **{f"/docs/events/{name}": Document(SCHEMA, text.encode()) for name, text in schemas.as_files().items()},
        "/docs/codes": Document(
            JSON,
            msgspec.json.encode(rows),
            page=_page(templates.render("codes.html", {"rows": rows, "explanation": EXAMPLE})),
        ),
        "/docs/codes/mozambique": Document(JSON, msgspec.json.encode(mozambique_codes_page())),
    }


def _page(body: bytes) -> Document:
    return Document(HTML, body, security_policy=SECURITY_POLICY)
