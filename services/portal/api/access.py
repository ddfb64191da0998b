"""Who may do what over the management API: default deny, a token, a role (interfaces.md, "HTTP").

`operator` may do everything; `application/ID` only what is its own, and only in the sandbox: in live a configuration is
changed by the operator. Read next: gate.py, which asks for a grant before any route is looked for.
"""

from typing import Annotated

import msgspec
from fastapi import Depends, Path, Request

from mkondo.adapters.keys.tokens import Tokens
from mkondo.domain.environments import ENVIRONMENTS, SANDBOX
from mkondo.domain.ids import ApplicationId
from mkondo.runtime.parts import Parts
from services.portal.api.errors import Refused

OPERATOR = "operator"
_APPLICATION = "application/"


class Grant(msgspec.Struct, frozen=True):
    """What a token lets its bearer do. `application` is empty for an operator."""

    application: str = ""

    @property
    def operates(self) -> bool:
        return not self.application


def grant_of(tokens: Tokens, authorization: str) -> Grant | None:
    """What the bearer may do; None for nobody. The token of no application is nobody's: it must not operate."""
    scheme, _, token = authorization.partition(" ")
    subject = tokens.subject_of(token.strip()) if scheme.lower() == "bearer" else None
    if subject == OPERATOR:
        return Grant()
    if subject is not None and subject.startswith(_APPLICATION) and subject != _APPLICATION:
        return Grant(subject.removeprefix(_APPLICATION))
    return None


def identify(request: Request) -> Grant:
    """The grant with which the bearer passed the gate; every route depends on it, those to come too."""
    grant: Grant | None = getattr(request.state, "grant", None)
    if grant is None:
        raise Refused(401, "no valid token", "Send `Authorization: Bearer` and a token.")
    return grant


def parts_of(request: Request, environment: Annotated[str, Path()]) -> Parts:
    """The environment of the path."""
    parts: dict[str, Parts] = request.app.state.parts
    if environment not in parts:
        raise Refused(404, f"no environment {environment!r}", f"Use one of {', '.join(ENVIRONMENTS)}.")
    return parts[environment]


Granted = Annotated[Grant, Depends(identify)]
Environment = Annotated[Parts, Depends(parts_of)]


def operator_only(grant: Granted) -> Grant:
    if not grant.operates:
        raise Refused(403, "for operators only", "Use the operator's token.")
    return grant


def sandbox_only(parts: Environment) -> Parts:
    if parts.environment != SANDBOX:
        raise Refused(404, "only the sandbox has this", "Use /api/v1/sandbox/….")
    return parts


def own_application(grant: Granted, parts: Environment, application: str = "") -> ApplicationId:
    """The application that the path or query names; a token of one application stands for that one."""
    if not grant.operates and (parts.environment != SANDBOX or application not in ("", grant.application)):
        raise Refused(403, "not yours", "Use this application's own token in the sandbox, or the operator's.")
    named = application or grant.application
    if not named:
        raise Refused(422, "no application named", "Add ?application=ID, or use an application's token.")
    return ApplicationId(named)


Operator = Annotated[Grant, Depends(operator_only)]
Sandbox = Annotated[Parts, Depends(sandbox_only)]
Own = Annotated[ApplicationId, Depends(own_application)]
