"""How the management API says no: `{"error": …, "mend": …}`, always both."""

from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from mkondo.ports.errors import CommitUnknown, TryLater


class Refused(Exception):
    """A request that is not carried out: the HTTP status, what is wrong, and what to do about it."""

    def __init__(self, status: int, error: str, mend: str) -> None:
        super().__init__(error)
        self.status, self.error, self.mend = status, error, mend


def say_no_in_one_shape(app: FastAPI) -> None:
    """Every refusal, the framework's own too, in the API's shape."""

    @app.exception_handler(Refused)
    async def refused(_: Request, no: Refused) -> JSONResponse:
        return refusal(no.status, no.error, no.mend)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, no: RequestValidationError) -> JSONResponse:
        found = [f"{_place(error['loc'])}: {error['msg']}" for error in no.errors()]
        mend = "Compare with /api/v1/openapi.json."
        if any(tuple(error["loc"]) == ("body",) for error in no.errors()):
            mend = f"Send a JSON object with `Content-Type: application/json`. {mend}"
        return refusal(422, "; ".join(found), mend)

    @app.exception_handler(HTTPException)
    async def unknown(_: Request, no: HTTPException) -> JSONResponse:
        return refusal(no.status_code, str(no.detail), "Compare with /api/v1/openapi.json.")

    @app.exception_handler(TryLater)
    @app.exception_handler(CommitUnknown)
    async def busy(_: Request, no: Exception) -> JSONResponse:
        return refusal(503, str(no), "Ask again in a moment; what was asked may have been done.")

    @app.exception_handler(Exception)
    async def broken(_: Request, __: Exception) -> JSONResponse:
        """A bug. It goes on to whoever serves the API, and is logged there."""
        return refusal(500, "this should not happen", "Look into the log, and report it.")


def _place(location: Sequence[str | int]) -> str:
    """What of the request is meant: a field by its name, or its body as a whole."""
    where, *path = location
    return ".".join(str(part) for part in path) or f"the {where}"


def refusal(status: int, error: str, mend: str) -> JSONResponse:
    """The API's shape of no; who may ask again soon is told when."""
    headers = {"retry-after": "1"} if status in (429, 503) else None
    return JSONResponse({"error": error, "mend": mend}, status, headers)
