"""The operating system's randomness keeps every promise of ports/ids.py."""

import pytest

from mkondo.adapters.system.ids import SystemIds
from mkondo.ports.ids import Ids
from mkondo.testing.conformance.ids import IdsConformance


class TestSystemIds(IdsConformance):
    @pytest.fixture
    def ids(self) -> Ids:
        return SystemIds()
