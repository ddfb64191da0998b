"""Telling every partition of admission what an organisation may use (domain/organisation.py)."""

import asyncio

from mkondo.domain import admission
from mkondo.domain.organisation import (
    ConfigureOrganisation,
    Grants,
    OrganisationChanged,
    OrganisationRejected,
    OrganisationUnchanged,
    keys_of,
)
from mkondo.ports.errors import TryLater
from mkondo.runtime.parts import Parts
from mkondo.runtime.questions import ANSWER_SECONDS, ask


async def configure_organisation(
    parts: Parts, organisation: str, grants: Grants, by: str, seconds_max: float = ANSWER_SECONDS
) -> bool:
    """Whether anything changed. TryLater when a partition doesn't answer, or can't: those that did have changed, and
    asking again tells the rest."""
    answers = await asyncio.gather(*(_tell(parts, key, grants, by, seconds_max) for key in keys_of(organisation)))
    return any(isinstance(answer, OrganisationChanged) for answer in answers)


async def _tell(
    parts: Parts, key: str, grants: Grants, by: str, seconds_max: float
) -> OrganisationChanged | OrganisationUnchanged:
    answer = await ask(parts, admission.NAME, key, ConfigureOrganisation(key, grants, by), seconds_max)
    if isinstance(answer, OrganisationRejected):
        raise TryLater(f"admission could not decide it: {answer.text}")
    if not isinstance(answer, OrganisationChanged | OrganisationUnchanged):
        raise TypeError(f"{type(answer).__name__} is no answer to an organisation's products")
    return answer
