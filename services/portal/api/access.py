"""Who enters which route: default deny, and each route says by its dependencies what one must be allowed for it.

What is not a GET changes something. Whose application is asked for is looked up before anything else is told of it: a
foreign one and one that is not there are refused in the same words. Read next: gate.py, which asks for a grant before
any route is looked for.
"""

from typing import Annotated

from fastapi import Depends, Path, Request

from mkondo.domain.application import Application
from mkondo.domain.environments import ENVIRONMENTS, SANDBOX
from mkondo.domain.ids import ApplicationId
from mkondo.runtime.parts import Parts
from services.portal.api.configuring import record_of
from services.portal.api.errors import Refused
from services.portal.api.grants import APPLICATION, CHANGE, MANAGE, READ, Grant

_NOT_YOURS = "Use a token of its organisation with a role that may, or the operator's."


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
        raise Refused(403, "for operators only", "Use an operator's token.")
    return grant


def sandbox_only(parts: Environment) -> Parts:
    if parts.environment != SANDBOX:
        raise Refused(404, "only the sandbox has this", "Use /api/v1/sandbox/….")
    return parts


def reader(grant: Granted, parts: Environment) -> Grant:
    """Whoever may look at something here; what, is the route's to say."""
    return _allowed(grant, READ, parts)


def manager(grant: Granted, parts: Environment) -> Grant:
    """Whoever may make applications here."""
    return _allowed(grant, MANAGE, parts)


async def own_application(request: Request, grant: Granted, parts: Environment, application: str = "") -> ApplicationId:
    """The application that the path or query names, if the bearer may do this with it; a token of one application
    stands for that one."""
    _allowed(grant, READ if request.method == "GET" else CHANGE, parts)
    named = application or grant.application
    if not named:
        raise Refused(422, "no application named", "Add ?application=ID, or use an application's token.")
    if not await _is_theirs(grant, parts, ApplicationId(named)):
        raise Refused(403, "not yours, or not there", _NOT_YOURS)
    return ApplicationId(named)


async def managed_application(_: "Manager", application: "Own") -> ApplicationId:
    """The same, for what only whoever manages applications may do."""
    return application


def _allowed(grant: Grant, action: str, parts: Parts) -> Grant:
    if not grant.may(action, parts.environment):
        raise Refused(403, f"with the role {grant.role} one may not {action} here", _NOT_YOURS)
    return grant


async def _is_theirs(grant: Grant, parts: Parts, application: ApplicationId) -> bool:
    if grant.operates:
        return True
    if grant.role == APPLICATION:
        return application == grant.application
    record = await record_of(parts, application)
    return record is not None and sees(grant, record)


def sees(grant: Grant, application: Application) -> bool:
    """Whether it is one of those that the bearer may look at, in an environment where they may."""
    if grant.role == APPLICATION:
        return application.application == grant.application
    return grant.operates or application.configuration.organisation == grant.organisation


Reader = Annotated[Grant, Depends(reader)]
Manager = Annotated[Grant, Depends(manager)]
Operator = Annotated[Grant, Depends(operator_only)]
Sandbox = Annotated[Parts, Depends(sandbox_only)]
Own = Annotated[ApplicationId, Depends(own_application)]
Managed = Annotated[ApplicationId, Depends(managed_application)]
