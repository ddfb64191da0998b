"""How the management API says no: `{"error": …, "mend": …}`, always both."""

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
        found = [f"{'.'.join(str(part) for part in error['loc'][1:])}: {error['msg']}" for error in no.errors()]
        return refusal(422, "; ".join(found), "Compare with /api/v1/openapi.json.")

    @app.exception_handler(HTTPException)
    async def unknown(_: Request, no: HTTPException) -> JSONResponse:
        return refusal(no.status_code, str(no.detail), "Compare with /api/v1/openapi.json.")

    @app.exception_handler(TryLater)
    @app.exception_handler(CommitUnknown)
    async def busy(_: Request, no: Exception) -> JSONResponse:
        answer = refusal(503, str(no), "Ask again in a moment; what was asked may have been done.")
        answer.headers["retry-after"] = "1"
        return answer

    @app.exception_handler(Exception)
    async def broken(_: Request, __: Exception) -> JSONResponse:
        """A bug. It goes on to whoever serves the API, and is logged there."""
        return refusal(500, "this should not happen", "Look into the log, and report it.")


def refusal(status: int, error: str, mend: str) -> JSONResponse:
    """The API's shape of no."""
    return JSONResponse({"error": error, "mend": mend}, status)
