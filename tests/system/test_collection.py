"""The Postman collection, run by Postman's own runner: the whole story against a running platform, and its encryption.

Newman has the sandbox that Postman has, so what passes here needs nothing that Postman lacks.
"""

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mkondo.domain.markets import MARKETS
from mkondo.openapi.collection import STORY, VARIABLES
from mkondo.openapi.operations import OPERATIONS
from mkondo.testing.platform import ROOT, RunningPlatform
from tests.suites import node
from tests.system.environments import newman
from tests.system.merchant import Merchant

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.node,
    pytest.mark.skipif(not os.environ.get("CI") and node() is not None, reason=f"needs {node()}"),
]
COLLECTION = ROOT / "docs" / "m-pesa.postman_collection.json"
SECONDS = 120
SESSION, C2B = OPERATIONS["get_session"].label, OPERATIONS["c2b_single_stage"].label


class Run(NamedTuple):
    """What newman reports: its exit status, every assertion with its failure, every answer by its request's name."""

    status: int
    assertions: dict[str, str]
    errors: list[str]
    answers: dict[str, dict[str, Any]]
    requests: int


def run(folder: Path, variables: dict[str, str], *options: str) -> Run:
    """The committed collection with these variables, as somebody would fill them in."""
    report = folder / "report.json"
    command = [str(newman()), "run", str(COLLECTION), "--reporters", "json", "--reporter-json-export", str(report)]
    for name, value in variables.items():
        command += ["--env-var", f"{name}={value}"]
    done = subprocess.run(
        [*command, *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    assert report.exists(), done.stdout + done.stderr
    found = json.loads(report.read_text())
    assertions = {
        assertion["assertion"]: assertion.get("error", {}).get("message", "")
        for execution in found["run"]["executions"]
        for assertion in execution.get("assertions", ())
    }
    errors = [f"{failure['source'].get('name')}: {failure['error']['message']}" for failure in found["run"]["failures"]]
    answers = {
        execution["item"]["name"]: json.loads(bytes(execution["response"]["stream"]["data"]))
        for execution in found["run"]["executions"]
        if "response" in execution
    }
    return Run(done.returncode, assertions, errors, answers, found["run"]["stats"]["requests"]["total"])


def filled_in(demo: dict[str, Any]) -> dict[str, str]:
    """Of each variable of the collection the demo's value by the same name; base_url is its http."""
    return {"base_url": demo["http"]} | {name: demo[name] for name in VARIABLES if isinstance(demo.get(name), str)}


async def test_the_whole_story_runs_without_one_failed_assertion(
    platform: RunningPlatform, merchant: Merchant, folder: Path
) -> None:
    done = run(folder, filled_in(platform.demo))
    assert done.errors == []
    assert done.status == 0
    assert done.requests == len(STORY) == len(OPERATIONS)
    assert len(done.assertions) >= 4 * len(STORY) - 1
    for name, whole in (("c2b_single_stage", "True"), ("c2b_multi_stage", "False")):
        answer = done.answers[OPERATIONS[name].label]
        status = await merchant.status(answer["output_TransactionID"])
        assert (status.said("ResponseTransactionStatus"), status.said("Reversed")) == ("Completed", whole)


@pytest.mark.parametrize("market", [path for path in MARKETS if path != "vodacomTZN"])
def test_it_runs_in_every_other_market_and_as_often_as_one_likes(
    platform: RunningPlatform, folder: Path, market: str
) -> None:
    place = platform.demo["markets"][market]
    own = {key: place[key] for key in ("country", "currency", "customer_msisdn")}
    done = run(folder, filled_in(platform.demo) | own | {"market": market}, "--iteration-count", "2")
    assert (done.status, done.errors) == (0, [])
    assert done.requests == 2 * len(STORY)


def test_a_wrong_answer_fails_the_run_and_says_which(platform: RunningPlatform, folder: Path) -> None:
    """The poor customer can't pay, so the run must not look green."""
    poor = {"customer_msisdn": platform.demo["poor_customer_msisdn"]}
    done = run(folder, filled_in(platform.demo) | poor, "--bail", "--folder", SESSION, "--folder", C2B)
    assert done.status == 1
    assert "Insufficient balance" in done.assertions[f"{C2B} answers INS-0"]


def test_what_was_not_filled_in_is_named_with_what_to_do(platform: RunningPlatform, folder: Path) -> None:
    whole = filled_in(platform.demo)
    no_key = run(folder, whole | {"api_key": ""}, "--bail")
    assert any("api_key is empty: copy it from the application" in error for error in no_key.errors)
    no_session = run(folder, whole, "--bail", "--folder", C2B)
    assert any('session_id is empty: send "Generate session key" first' in error for error in no_session.errors)
    garbled = run(folder, whole | {"public_key": "aGVsbG8="}, "--bail")
    assert any("public_key is not the base64 of a DER SubjectPublicKeyInfo" in error for error in garbled.errors)


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address that notes every bearer and answers all with a session."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers["Authorization"])
            body = b'{"output_ResponseCode":"INS-0","output_ResponseDesc":"","output_SessionID":"%s"}' % (b"5" * 32)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


def decrypted(bearer: str, key: RSAPrivateKey) -> str:
    block = base64.b64decode(bearer.removeprefix("Bearer "), validate=True)
    assert bearer.startswith("Bearer ") and len(block) == key.key_size // 8
    return key.decrypt(block, PKCS1v15()).decode()


@pytest.mark.parametrize("bits", [2048, 4096])
def test_the_bearer_is_the_secret_encrypted_with_the_key_in_any_published_form(folder: Path, bits: int) -> None:
    key = generate_private_key(65537, bits)
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    bare = base64.b64encode(der).decode()
    forms = (bare, pem, f"-----BEGIN PUBLIC KEY-----\n{bare}\n-----END PUBLIC KEY-----")
    with listener() as (address, heard):
        for form in forms:
            variables = {"base_url": address, "api_key": "k" * 32, "public_key": form}
            folders = ("--folder", SESSION, "--folder", OPERATIONS["query_transaction_status"].label)
            run(folder, variables, *folders)
    assert [decrypted(bearer, key) for bearer in heard] == ["k" * 32, "5" * 32] * len(forms)
    assert len(set(heard)) == len(heard), "the padding is random, so no two are alike"
