"""What is answered to requests that are no operation's, or can't be read (contract section 12, "Transport").

Read next: tolerances.py.
"""

from mkondo.kit.case import Answer, Bearer, Call, Case, Grade
from mkondo.kit.contract import C2B, CODES, NAME, OPERATIONS, SESSION, STATUS
from mkondo.kit.phrases import USUAL_KEYS, call, case, keys_of, refuses, step, succeeds

RULING, C = Grade.RULING, Grade.CAPTURED

_WRITES = tuple(name for name, row in OPERATIONS.items() if row.method != "GET")
_NOT_READ = "N/A"


def _transport(status: int, keys: tuple[str, ...] = USUAL_KEYS, **headers: str) -> Answer:
    """INS-21 in the usual shape; nothing of the request is read, so nothing is repeated."""
    values = {"output_ThirdPartyConversationID": _NOT_READ} if "output_ThirdPartyConversationID" in keys else {}
    named = {name.replace("_", "-"): pattern for name, pattern in headers.items()}
    return Answer(status, "INS-21", CODES["INS-21"][1], keys, values, headers=named)


def _wrong_method(operation: str) -> str:
    """One that is no compatibility switch's either."""
    return "DELETE" if OPERATIONS[operation].method != "GET" else "PUT"


_UNREADABLE: dict[str, tuple[str, str]] = {
    "no-json": ("A body that is no JSON", "amount=10"),
    "cut-off": ("A body that was cut off", '{<members>,"input_X":'),
    "array": ("A JSON array", "[{<members>}]"),
    "text": ("A JSON text", '"input"'),
    "null": ("The JSON null", "null"),
    "empty": ("An empty body", " "),
    "no-utf-8": ("A body that is no UTF-8", '{<members>,"input_X":"\udcff"}'),
    "repeated-key": ("A key that occurs twice", '{<members>,"input_Amount":"1.00"}'),
    "repeated-id": ("An id that occurs twice", '{"input_ThirdPartyConversationID":"a",<members>}'),
    "too-deep": ("A value that is nested a hundred times", '{<members>,"x":' + "[" * 100 + "]" * 100 + "}"),
    "two-objects": ("Two objects", "{<members>}{<members>}"),
    "single-quotes": ("Single quotes", "{'input_Amount':'10'}"),
}

CASES: tuple[Case, ...] = (
    case("unknown-path", "A path that is no operation's", Call(C2B, path="/<root>/c2bPayment/twoStage/"),
         _transport(404), "12", RULING),
    case("unknown-version", "Another version", Call(C2B, path="/sandbox/ipg/v9/vodacomTZN/c2bPayment/singleStage/"),
         _transport(404), "12", RULING),
    case("unknown-path-framed", "The headers and the compact body of a path that is no operation's",
         Call(C2B, path="/<root>/nothing/"), _transport(404).framed(), "12", RULING),
    *(
        case(f"method-{_wrong_method(operation).lower()}", "Another method than the operation's",
             Call(operation, method=_wrong_method(operation), body="{<members>}" if operation != SESSION else "{}"),
             _transport(405, keys_of(operation), allow=f"{row.method}, OPTIONS"), "12", RULING)
        for operation, row in OPERATIONS.items()
    ),
    *(
        case("head", "HEAD is another method, and its answer has no body", Call(operation, method="HEAD", query=""),
             Answer(405), "12", RULING)
        for operation in (SESSION, C2B, STATUS)
    ),
    *(
        case("options", "OPTIONS says which methods there are, to everybody",
             Call(operation, method="OPTIONS", bearer=Bearer.ABSENT, body="", query=""),
             Answer(204, headers={"allow": f"{row.method}, OPTIONS", "access-control-allow-origin": r"\*",
                                  "access-control-allow-methods": f"{row.method}, OPTIONS",
                                  "access-control-allow-headers": r"(?i).*authorization.*"}), "12", RULING)
        for operation, row in OPERATIONS.items()
    ),
    case("too-large", "A body over 64 KiB", Call(C2B, body="{<members><filler>}"), _transport(413), "12", RULING),
    case("compressed", "A compressed body", Call(C2B, compressed=True), _transport(415), "12", RULING),
    case("compressed-uses-no-id", "An id in a body that was not read is not used up",
         call(C2B, ThirdPartyConversationID="<first.input_ThirdPartyConversationID>"), succeeds(C2B), "12", RULING,
         steps=(step("first", Call(C2B, compressed=True), 415),)),
    *(
        case(slug, title, Call(C2B, body=body), refuses(C2B, "INS-21", ThirdPartyConversationID=_NOT_READ), "12",
             RULING)
        for slug, (title, body) in _UNREADABLE.items()
    ),
    *(
        case("no-json", "A body that is no JSON", Call(operation, body="nonsense"),
             refuses(operation, "INS-21", ThirdPartyConversationID=_NOT_READ), "12", RULING)
        for operation in _WRITES
        if operation != C2B
    ),
    case("no-json-framed", "The headers and the compact body of a request that can't be read",
         Call(C2B, body="nonsense"), refuses(C2B, "INS-21", ThirdPartyConversationID=_NOT_READ).framed(), "12", RULING),
    *(
        case("query-no-utf-8", "A query string that is no UTF-8", Call(operation, query="input_Country=%ff&<query>"),
             refuses(operation, "INS-21", ThirdPartyConversationID=_NOT_READ), "12", RULING)
        for operation in (STATUS, NAME)
    ),
    *(
        case("query-repeated", "A parameter that occurs twice", Call(operation, query="<query>&input_Country=GHA"),
             refuses(operation, "INS-21", ThirdPartyConversationID=_NOT_READ), "12", RULING)
        for operation in (STATUS, NAME)
    ),
)  # fmt: skip
