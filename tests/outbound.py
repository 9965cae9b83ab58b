"""Runs a shell line without a network, and lists the addresses that its processes tried to reach.

On Linux the line runs in a network namespace that has nothing but loopback, under strace: what any
process of any language tries is seen. Both must be installed, and allowed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

#: A call that would send something to an address of the internet.
ATTEMPT = re.compile(
    r"(?:connect|sendto|sendmsg)\(.*?sa_family=AF_INET6?.*?"
    r"(?:inet_addr\(|inet_pton\(AF_INET6, )\"([^\"]+)\""
)
LOOPBACK = re.compile(r"127\.|::1$|::ffff:127\.|0\.0\.0\.0$|::$")


def why_not() -> str | None:
    """Why nothing can be closed and listed on this machine, if so."""
    for tool in ("unshare", "strace", "ip"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    probe = subprocess.run(_closed("true", Path(os.devnull)), capture_output=True, check=False)
    return f"closing the network is not allowed here: {probe.stderr.decode().strip()}" if probe.returncode else None


def run_closed(
    line: str, log: Path, variables: Mapping[str, str] | None = None
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """What the shell line did, and the addresses beyond loopback that any of its processes tried."""
    done = subprocess.run(
        _closed(line, log), capture_output=True, text=True, check=False, env={**os.environ, **(variables or {})}
    )
    tried = ATTEMPT.findall(log.read_text(encoding="utf-8", errors="replace"))
    return done, sorted({address for address in tried if not LOOPBACK.match(address)})


def _closed(line: str, log: Path) -> list[str]:
    user = [] if os.geteuid() == 0 else ["-r"]
    script = 'ip link set lo up && exec strace -f -qq --seccomp-bpf -e trace=connect,sendto,sendmsg -o "$0" sh -c "$1"'
    return ["unshare", *user, "-n", "sh", "-c", script, str(log), line]
