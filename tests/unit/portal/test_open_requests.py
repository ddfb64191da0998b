"""Open requests are counted by name, and a name is kept while it has any. Over sockets: tests/service/portal."""

import pytest

from services.portal.api.errors import Refused
from services.portal.api.open_requests import OpenRequests

ASKED = ("sandbox", "duka")


def test_a_name_is_forgotten_with_its_last_slot() -> None:
    requests = OpenRequests(of_token_max=2)
    with requests.slot({}, *ASKED):
        with pytest.raises(RuntimeError), requests.slot({}, *ASKED):
            raise RuntimeError("a bug")
        assert set(requests._open) == {ASKED, ASKED[:1]}
    assert not list(requests._open), "tokens come and go for years"


def test_who_is_refused_has_taken_nothing() -> None:
    requests = OpenRequests(of_token_max=0)
    with pytest.raises(Refused), requests.slot({}, *ASKED):
        pass
    assert not list(requests._open)
