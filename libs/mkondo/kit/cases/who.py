"""Sessions, and what is answered to somebody who has none (contract sections 2 and 12, "Who you are").

Read next: transport.py.
"""

from mkondo.kit.case import Bearer, Call, Case, Fields, Grade
from mkondo.kit.contract import C2B, OPERATIONS, SESSION, STATUS
from mkondo.kit.phrases import Caller, call, case, is_nobody, refuses, step, succeeds

D, C, S, V, RULING = Grade.DOCUMENTED, Grade.CAPTURED, Grade.SOURCE, Grade.VERIFIED, Grade.RULING

_GET = Call(SESSION, bearer=Bearer.API_KEY)
_REFUSED = refuses(SESSION, "INS-989", SessionID="N/A")
_BAD: dict[Bearer, str] = {
    Bearer.ABSENT: "Without a bearer",
    Bearer.GARBAGE: "With a bearer that is no base64",
    Bearer.BASIC: "With another scheme than Bearer",
    Bearer.UNKNOWN: "With a secret that nobody was given",
}
_NOTHING: Fields = {}


def _as(bearer: Bearer, operation: str, fields: Fields = _NOTHING, caller: Caller = Caller.FIRST) -> Call:
    return Call(operation, fields, caller, bearer)


CASES: tuple[Case, ...] = (
    case("once", "A session key of 32 hexadecimal digits", _GET, succeeds(SESSION), "2", D),
    case("framed", "The headers and the compact body that were captured", _GET, succeeds(SESSION).framed(), "1", C),
    case("every-time", "A new session for every call", _GET, succeeds(SESSION), "10", V, steps=(step("first", _GET),)),
    case("query-ignored", "A query string is ignored",
         Call(SESSION, bearer=Bearer.API_KEY, query="input_Amount=1&input_Country=KEN"), succeeds(SESSION), "10", V),
    case("with-session", "A session key is no API key", _as(Bearer.SESSION, SESSION), _REFUSED, "12", RULING),
    case("error-framed", "The headers and the compact body of a refusal", _as(Bearer.UNKNOWN, SESSION),
         _REFUSED.framed(), "1", C),
    case("market", "A market that does not exist", Call(SESSION, bearer=Bearer.API_KEY, market="vodacomXXX"), _REFUSED,
         "12", RULING),
    *(
        case(bearer.name.lower(), f"{title} there is no session", _as(bearer, SESSION), _REFUSED, "2", D)
        for bearer, title in _BAD.items()
    ),
    *(
        case(bearer.name.lower(), f"{title} nothing is done", _as(bearer, operation),
             is_nobody(operation, "Session is invalid"), "12", RULING)
        for operation in OPERATIONS
        if operation != SESSION
        for bearer, title in _BAD.items()
    ),
    case("api-key", "An API key is no session", _as(Bearer.API_KEY, C2B), is_nobody(C2B, "Session is invalid"), "12",
         RULING),
    case("nobody-uses-no-id", "An id that a stranger sent is not used up",
         call(C2B, ThirdPartyConversationID="<first.input_ThirdPartyConversationID>"), succeeds(C2B), "12", RULING,
         steps=(step("first", _as(Bearer.UNKNOWN, C2B), 401),)),
    case("who-before-fields", "Who asks is looked at before what is asked",
         Call(C2B, {"input_Amount": "0"}, bearer=Bearer.UNKNOWN), is_nobody(C2B, "Session is invalid"), "5", RULING),
    case("raw-session", "An unencrypted session passes where the application allows it", _as(Bearer.RAW_SESSION, C2B),
         succeeds(C2B), "10", V),
    case("raw-session-strict", "An unencrypted session does not pass in strict mode",
         _as(Bearer.RAW_SESSION, STATUS, caller=Caller.STRICT), is_nobody(STATUS, "Session is invalid"), "10", RULING),
)  # fmt: skip
