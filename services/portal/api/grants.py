"""What a token's subject stands for, and what each role may do, as a table: what is not in it is not allowed.

`operator`, `application/ID` and `user/NAME/ROLE/ORGANISATION` are the subjects. Read next: access.py.
"""

from collections.abc import Mapping

import msgspec

from mkondo.adapters.keys.tokens import Tokens
from mkondo.domain.environments import LIVE, SANDBOX
from mkondo.domain.ids import is_name

OPERATOR, DEVELOPER, ORGANISATION, APPLICATION = "operator", "developer", "organisation", "application"
USER_ROLES = (DEVELOPER, ORGANISATION, OPERATOR)
"""Of people; `application` is what a program of the merchant's has."""

READ, CHANGE, MANAGE = "read", "change", "manage"
"""To manage is to make, duplicate and remove applications, and to give them new keys."""

MAY: Mapping[str, Mapping[str, frozenset[str]]] = {
    OPERATOR: {SANDBOX: frozenset({READ, CHANGE, MANAGE}), LIVE: frozenset({READ, CHANGE, MANAGE})},
    DEVELOPER: {SANDBOX: frozenset({READ, CHANGE, MANAGE}), LIVE: frozenset({READ})},
    ORGANISATION: {SANDBOX: frozenset({READ}), LIVE: frozenset({READ})},
    APPLICATION: {SANDBOX: frozenset({READ, CHANGE}), LIVE: frozenset()},
}
"""Role -> environment -> what it may do there: an operator with everything, a person with the applications of their
organisation, an application with itself."""


class Grant(msgspec.Struct, frozen=True):
    """What a token lets its bearer do. `name` is its subject: who did it, in the events. An operator's organisation
    says where they work and limits nothing."""

    role: str
    name: str
    user: str = ""
    organisation: str = ""
    application: str = ""

    @property
    def operates(self) -> bool:
        return self.role == OPERATOR

    def may(self, action: str, environment: str) -> bool:
        return action in MAY[self.role][environment]


def subject_of_user(name: str, role: str, organisation: str) -> str:
    """What the token of a person is made for. `grant_of` says whether it would be anybody's."""
    return f"user/{name}/{role}/{organisation}"


def grant_of(tokens: Tokens, authorization: str) -> Grant | None:
    """What the bearer may do; None for nobody."""
    scheme, _, token = authorization.partition(" ")
    subject = tokens.subject_of(token.strip()) if scheme.lower() == "bearer" else None
    return None if subject is None else grant_to(subject)


def grant_to(subject: str) -> Grant | None:
    """The grant of a subject, or None: a token without an application, or a person without an organisation who is no
    operator, is nobody's."""
    match subject.split("/"):
        case ["operator"]:
            return Grant(OPERATOR, subject)
        case ["application", application] if application:
            return Grant(APPLICATION, subject, application=application)
        case ["user", name, role, organisation] if is_name(name) and role in USER_ROLES:
            if is_name(organisation) or (role == OPERATOR and not organisation):
                return Grant(role, subject, name, organisation)
    return None
