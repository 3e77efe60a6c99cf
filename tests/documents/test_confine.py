"""What is kept from the process that reads a file, seen from within a process like it."""

import subprocess
import sys

import pytest

_ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc and no capabilities")
_SECRETS = """\
import os, sys
from bot.documents.confine import confine, shield_process
from bot.documents.limits import Limits
if "shielded" in sys.argv:
    shield_process()
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
if "confined" in sys.argv:
    confine(Limits())
try:
    os._exit(b"sk-secret" in open(f"/proc/{os.getppid()}/environ", "rb").read())
except PermissionError:
    os._exit(42)
"""
_LITTLE = """\
import resource
from bot.documents.confine import confine
from bot.documents.limits import Limits
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
confine(Limits(memory_bytes=10**9))
print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_AS))
"""


def ended(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env={"KEY": "sk-secret"}, capture_output=True, text=True, check=False)


@_ONLY_LINUX
def test_our_keys_are_out_of_its_reach_even_when_we_are_root() -> None:
    assert ended(_SECRETS).returncode == 1, "else this would show nothing"
    assert ended(_SECRETS, "shielded", "confined").returncode == 42


def test_limits_that_are_lower_already_stay() -> None:
    assert ended(_LITTLE).stdout == "(20, 20) (1000000000, 1000000000)\n"
