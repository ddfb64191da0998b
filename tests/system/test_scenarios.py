"""The whole catalogue on a running platform: each scenario is answered, pushed and queried as it says."""

import json
import shlex
import time
from pathlib import Path

import pytest

from mkondo.testing.platform import ROOT, RunningPlatform, verify
from services.cli.scenarios.catalogue import BRIEF, CATALOGUE
from services.cli.scenarios.page import page
from services.cli.scenarios.run import Exchange, Ran, runner_of
from services.cli.scenarios.scenario import Expected, Scenario
from services.portal.api.changes import PRODUCTS
from tests.system.test_commands import mkondo

PUBLISHED = ROOT / "reports" / "scenarios.html"


@pytest.mark.timeout(240)
async def test_every_scenario_ends_as_it_says_and_is_published_with_its_result(folder: Path) -> None:
    data = ("--data", str(folder / "data"))
    with RunningPlatform(folder / "data") as platform:
        async with runner_of(platform.demo) as runner:
            results = await runner.run_all(CATALOGUE)
        assert json.loads(mkondo("apps", "show", "demo", "--json", *data).stdout)["test_msisdns"] == {}
        PUBLISHED.parent.mkdir(exist_ok=True)
        PUBLISHED.write_bytes(page(results))
        assert [(ran.scenario.name, ran.troubles) for ran in results if ran.troubles] == []
        assert len(results) == len(CATALOGUE) >= 60
        assert all(ran.exchanges[-1].callback for ran in results if ran.scenario.pushed)
        assert verify(platform).returncode == 0
        platform.stop()


def test_no_two_scenarios_have_one_name() -> None:
    names = [name for scenario in CATALOGUE for name in scenario.names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("scenario", BRIEF, ids=lambda scenario: scenario.name)
def test_the_five_of_the_brief_are_typed_by_name(platform: RunningPlatform, scenario: Scenario) -> None:
    done = mkondo("trigger", scenario.name, "--json", "--data", str(platform.data))
    assert done.returncode == 0, done
    at_once, pushed = json.loads(done.stdout)["exchanges"]
    assert at_once["answer"]["output_ResponseCode"] == scenario.expected.code
    assert pushed["callback"]["input_ResultCode"] == scenario.expected.code


def test_a_scenario_that_is_not_as_it_says_is_told(platform: RunningPlatform) -> None:
    assert mkondo("trigger", "no-such", "--data", str(platform.data)).returncode == 1
    assert mkondo("trigger").returncode == 2
    assert "insufficient-balance" in mkondo("trigger", "--list").stdout


def test_scenarios_of_a_demo_that_was_changed_name_the_command_that_sets_it_back(platform: RunningPlatform) -> None:
    data = ("--data", str(platform.data))
    others = [name for name in PRODUCTS if name != "c2b_single_stage"]
    try:
        for settings in (
            (f"products={json.dumps(others)}",),
            ("asynchronous=[]", "response_url_override=false"),
            ("response_url=http://127.0.0.1:9/",),
            ('limits={"c2b_single_stage": {"single_value": {"TZS": "5.00"}}}', 'markets=["vodafoneGHA"]'),
            ("activation_delay_seconds=30", f"products={json.dumps(PRODUCTS[:1])}"),
        ):
            assert mkondo("apps", "set", "demo", *settings, *data).returncode == 0
            refused = mkondo("trigger", "success", *data)
            assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1), refused
            mend = shlex.split(refused.stderr.split("`")[1])
            assert mend[:4] == ["mkondo", "apps", "set", "demo"]
            assert mkondo(*mend[1:], *data).returncode == 0
            runs_again("success", data)
    finally:
        every = json.dumps(list(PRODUCTS))
        as_it_was = (f"products={every}", f"asynchronous={every}", "markets=[]")
        assert mkondo("apps", "set", "demo", *as_it_was, *data).returncode == 0, "the platform is shared"
        runs_again("reversal-of-b2c", data)  # switched off until now: whoever is next meets the edge as it was


def runs_again(scenario: str, data: tuple[str, str]) -> None:
    """Architecture section 4: the edge's rows are at most a second old."""
    changed = started = time.monotonic()
    while mkondo("trigger", scenario, *data).returncode != 0:
        assert started < changed + 1.0, "it was started a second after the change and still failed"
        started = time.monotonic()


async def test_a_wrong_expectation_is_a_trouble(platform: RunningPlatform) -> None:
    wrong = Scenario(("wrong",), "It is said to fail.", "c2b_single_stage", Expected(422, "INS-2006", "Declined"))
    async with runner_of(platform.demo) as runner:
        [ran] = await runner.run_all([wrong])
    assert len(ran.troubles) == 4  # the answer, the status twice, what was pushed


def test_what_a_page_holds_is_text() -> None:
    scenario = Scenario(("<b>",), "<script>", "reversal", Expected(201, "INS-0"))
    shown = page([Ran(scenario, [Exchange({"x": "<img>"})], ["<i>"])])
    assert not any(tag in shown for tag in (b"<script", b"<img", b"<b>", b"<i>"))
