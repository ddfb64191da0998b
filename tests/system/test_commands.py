"""The commands of a running platform, as a person types them (interfaces.md)."""

import json
import subprocess
import sys
from pathlib import Path

from mkondo.testing.platform import ROOT, RunningPlatform


def mkondo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def test_a_payment_is_made_and_found_by_any_of_its_references(platform: RunningPlatform) -> None:
    data = ("--data", str(platform.data), "--json")
    paid = mkondo("pay", "c2b", "--amount", "12.50", "--market", "vodafoneGHA", *data)
    assert paid.returncode == 0, paid
    answer = json.loads(paid.stdout)
    assert (answer["status"], answer["output_ResponseCode"]) == (201, "INS-0")
    for name in ("TransactionID", "ConversationID", "ThirdPartyConversationID"):
        found = json.loads(mkondo("status", answer[f"output_{name}"], "--market", "vodafoneGHA", *data).stdout)
        assert found["output_ResponseTransactionStatus"] == "Completed"
        assert found["output_OriginalTransactionID"] == answer["output_TransactionID"]


def test_customers_and_organisations_are_paid(platform: RunningPlatform) -> None:
    data = ("--data", str(platform.data), "--json")
    for way in (("b2c",), ("b2b",), ("b2b", "--receiver", "ORG003"), ("b2c", "--msisdn", "255755000001")):
        paid = mkondo("pay", *way, "--amount", "1.00", *data)
        assert paid.returncode == 0, paid
        found = json.loads(mkondo("status", json.loads(paid.stdout)["output_TransactionID"], *data).stdout)
        assert found["output_ResponseTransactionStatus"] == "Completed"
    assert mkondo("pay", "b2b", "--receiver", "000006", *data).returncode == 1


def test_a_refusal_is_exit_status_1(platform: RunningPlatform) -> None:
    refused = mkondo("pay", "c2b", "--amount", "0", "--data", str(platform.data))
    assert refused.returncode == 1
    assert "INS-15" in refused.stdout
    assert mkondo("status", "Nobody", "--data", str(platform.data)).returncode == 1


def test_wrong_use_is_exit_status_2() -> None:
    assert mkondo("pay", "c2b", "--no-such-option").returncode == 2
    assert mkondo("up", "--port", "65536").returncode == 2


def test_the_demo_is_shown_as_it_is(platform: RunningPlatform) -> None:
    assert json.loads(mkondo("demo", "--json", "--data", str(platform.data)).stdout) == platform.demo


def test_without_a_platform_each_command_says_in_one_line_what_to_do(folder: Path) -> None:
    for command in (("env",), ("pay", "c2b"), ("status", "x"), ("demo",)):
        said = mkondo(*command, "--data", str(folder / "none"))
        assert said.returncode == 1
        assert len(said.stderr.splitlines()) == 1
        assert "mkondo up" in said.stderr
    assert list(folder.iterdir()) == []


def test_the_printed_variables_name_the_proxy_and_the_authority(platform: RunningPlatform) -> None:
    printed = mkondo("env", "--data", str(platform.data)).stdout
    assert f"HTTPS_PROXY={platform.addresses['proxy']}" in printed
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
        assert f"{name}={platform.demo['ca_file']}" in printed


def test_the_ready_file_says_where_everything_is(platform: RunningPlatform) -> None:
    keys = {"http", "https", "portal", "metrics", "proxy", "mozambique", "data", "pid"}
    assert set(platform.addresses) >= keys
    assert platform.addresses["data"] == str(platform.data)


def test_the_books_are_audited_beside_the_running_platform(platform: RunningPlatform) -> None:
    audited = mkondo("verify", "--data", str(platform.data))
    assert audited.returncode == 0, audited


def test_a_payment_is_given_back_in_part_and_then_whole(platform: RunningPlatform) -> None:
    data = ("--data", str(platform.data), "--json")
    paid = json.loads(mkondo("pay", "c2b", "--amount", "12.50", *data).stdout)["output_TransactionID"]
    assert mkondo("reverse", paid, "--amount", "2.50", *data).returncode == 0
    assert json.loads(mkondo("status", paid, *data).stdout)["output_Reversed"] == "False"
    assert json.loads(mkondo("reverse", paid, *data).stdout)["output_ResponseCode"] == "INS-0"
    assert json.loads(mkondo("status", paid, *data).stdout)["output_Reversed"] == "True"
    again = mkondo("reverse", paid, *data)
    assert (again.returncode, json.loads(again.stdout)["output_ResponseCode"]) == (1, "INS-6")


def test_addresses_of_a_platform_that_was_killed_are_not_given_out_and_a_lost_demo_is_made_anew(folder: Path) -> None:
    data = ("--data", str(folder / "data"))
    with RunningPlatform(folder / "data") as platform:
        assert mkondo("env", *data).returncode == 0
        platform.kill9()
        for command in (("env",), ("clock", "show")):
            said = mkondo(*command, *data)
            assert (said.returncode, said.stdout, "mkondo up" in said.stderr) == (1, "", True), said
        (folder / "data" / "demo.json").unlink()
        platform.start()
        assert mkondo("pay", "c2b", *data).returncode == 0
        assert mkondo("verify", *data).returncode == 0


def test_a_page_that_can_t_be_written_does_not_cost_the_results(platform: RunningPlatform, folder: Path) -> None:
    (folder / "letter").write_text("")
    for page in (folder / "letter" / "page.html", folder):
        said = mkondo("trigger", "success", "--page", str(page), "--data", str(platform.data))
        assert len([line for line in said.stderr.splitlines() if line.startswith("Error: ")]) == 1, said
        assert "Traceback" not in said.stderr and str(page) in said.stderr
        assert (said.returncode, "✓" in said.stdout) == ((2, False) if page == folder else (1, True)), said
    made = folder / "no" / "such" / "page.html"
    assert mkondo("trigger", "success", "--page", str(made), "--data", str(platform.data)).returncode == 0
    assert made.stat().st_size > 1_000
