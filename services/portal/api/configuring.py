"""Reading and changing an application's configuration through its owner, admission. Read next: changes.py."""

import asyncio
from collections.abc import Callable
from itertools import count

from mkondo.contracts.records import decode_record
from mkondo.domain import admission, reasons
from mkondo.domain.application import (
    CONFLICT,
    Application,
    ApplicationChanged,
    Configuration,
    ConfigurationRejected,
    ConfigurationUnchanged,
    ConfigureApplication,
    changed,
)
from mkondo.domain.ids import ApplicationId
from mkondo.ports.back_off import back_off
from mkondo.ports.errors import TryLater
from mkondo.runtime.parts import Parts
from mkondo.runtime.questions import ask
from services.portal.api.errors import Refused

CHANGE_SECONDS = 10.0
"""How long a change may wait for others and be overtaken by them before it is given up."""

Change = Callable[[Configuration], Configuration]


async def record_of(parts: Parts, name: ApplicationId) -> Application | None:
    """The application's record, of one that was removed too."""
    data = await parts.facts.record(admission.application_key(name))
    record = decode_record(admission.application_key(name), data) if data is not None else None
    return record if isinstance(record, Application) else None


async def application_of(parts: Parts, name: ApplicationId) -> Application:
    record = await record_of(parts, name)
    if record is None or record.configuration.removed:
        raise Refused(404, f"no application {name!r}", "List them with GET …/applications.")
    return record


async def create_application(parts: Parts, name: ApplicationId, configuration: Configuration, by: str) -> Application:
    """Make one that was never there. The name of one that was removed stays its own: its history has it."""
    answer = await _ask(parts, ConfigureApplication(name, configuration, 0, by=by))
    if isinstance(answer, ApplicationChanged):
        return changed(None, answer)
    if isinstance(answer, ConfigurationRejected) and answer.code != CONFLICT:
        raise Refused(422, answer.text, "Send other values.")
    raise Refused(409, f"there is or was an application {name!r}", "Choose another id, or leave it out.")


async def change_application(
    parts: Parts,
    name: ApplicationId,
    change: Change,
    expected: int | None = None,
    *,
    by: str,
    overlap_ms: int = 0,
    seconds_max: float = CHANGE_SECONDS,
) -> Application:
    """Apply a change to the newest configuration, or to version `expected` and no other.

    Without `expected` a change that somebody else overtakes is applied again to what they made of it. Here they take
    turns; only other processes can overtake."""

    def wish(current: Application) -> ConfigureApplication:
        wanted = change(current.configuration)
        return ConfigureApplication(name, wanted, current.version, by=by, overlap_ms=overlap_ms)

    until = asyncio.get_running_loop().time() + seconds_max
    try:
        async with parts.changes.of(name, seconds_max):
            for overtaken in count(1):
                done = await _change_once(parts, name, wish, expected)
                if done is not None:
                    return done
                if asyncio.get_running_loop().time() >= until:
                    break
                await back_off(parts.clock, parts.ids, overtaken)
    except TimeoutError:  # of the wait for the turn; the question has a time of its own
        pass
    raise Refused(503, "the application is changed by others all the time", "Nothing was changed: ask again.")


async def _change_once(
    parts: Parts,
    name: ApplicationId,
    wish: Callable[[Application], ConfigureApplication],
    expected: int | None,
) -> Application | None:
    """None: somebody else was quicker, and nothing was changed."""
    current = await application_of(parts, name)
    if expected is not None and expected != current.version:
        raise _conflict(current.version)
    answer = await _ask(parts, wish(current))
    match answer:
        case ApplicationChanged():
            return changed(current, answer)
        case ConfigurationUnchanged():
            return current
        case ConfigurationRejected(code=code, text=text) if code != CONFLICT:
            raise Refused(422, text, "Send other values.")
        case _ if expected is not None:
            raise _conflict(answer.version)
        case _:
            return None


def _conflict(version: int) -> Refused:
    return Refused(409, f"the application is at version {version}", "Read it again and repeat your change.")


async def _ask(
    parts: Parts, command: ConfigureApplication
) -> ApplicationChanged | ConfigurationUnchanged | ConfigurationRejected:
    answer = await ask(parts, admission.NAME, command.application, command)
    if isinstance(answer, ConfigurationRejected) and answer.code == reasons.INTERNAL:
        raise TryLater(f"admission could not decide it: {answer.text}")  # a bug, and not what was asked for
    if not isinstance(answer, ApplicationChanged | ConfigurationUnchanged | ConfigurationRejected):
        raise TypeError(f"{type(answer).__name__} is no answer to a configuration")
    return answer
