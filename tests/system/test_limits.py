"""docs/limits.md as it stands: its commands, its program, and the header that a merchant reads."""

import shlex
import subprocess
import sys
from pathlib import Path

from mkondo.testing.platform import ROOT, RunningPlatform
from tests.system.test_commands import mkondo
from tests.system.test_management import Api

TEXT = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line, comments=True)[1:]
    for fence in TEXT.split("```\n")
    for line in fence.splitlines()
    if line.startswith("mkondo ")
]
PROGRAM = TEXT.partition("```python\n")[2].partition("```")[0]
REFUSED = ["pay", "c2b", "--amount", "100.01"]
SAID = "400 INS-994 daily_value;code=INS-994;ceiling=100.00;used=60.00;asked=60.00;left=40.00;currency=TZS;resets="


def test_the_page_s_commands_and_its_program_do_what_it_says(platform: RunningPlatform, folder: Path) -> None:
    """In their order: what one sets, the next one meets. The last one's limit is the program's, and taken back here."""
    for arguments in COMMANDS:
        done = mkondo(*arguments, "--data", str(platform.data))
        expected = (1, True) if arguments == REFUSED else (0, False)
        assert (done.returncode, "INS-994" in done.stdout) == expected, done
    (folder / ".mkondo").symlink_to(platform.data)
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    paid, refused = done.stdout.splitlines()
    assert paid == "201 INS-0 None"
    assert refused.startswith(SAID) and refused.removeprefix(SAID).isdecimal()
    api = Api(platform)
    api.said("PATCH", "applications/demo", {"limits": {"c2b_single_stage": {"daily_value": None}}})
    assert api.said("GET", "applications/demo")["limits"] == {}
