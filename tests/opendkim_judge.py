"""OpenDKIM as a judge of signatures.

OpenDKIM asks the system's resolver. It gets a network and a resolv.conf of its own,
with a name server on loopback that answers every question with the key's record.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NAME_SERVER = """
import socket, sys
import dns.message, dns.rrset, dns.flags
at = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
at.bind(("127.0.0.1", 53))
print(flush=True)
while True:
    wire, peer = at.recvfrom(4096)
    answer = dns.message.make_response(dns.message.from_wire(wire))
    answer.flags |= dns.flags.RA
    record = sys.argv[1]
    text = " ".join('"' + record[i:i+200] + '"' for i in range(0, len(record), 200))
    name = answer.question[0].name
    answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", text))
    at.sendto(answer.to_wire(), peer)
"""
IN_OWN_NETWORK = """
ip link set lo up && mount --bind "$1/resolv.conf" /etc/resolv.conf || exit 77
"$2" "$1/server.py" "$3" > "$1/ready" &
for turn in $(seq 100); do [ -s "$1/ready" ] && break; sleep 0.05; done
opendkim-testmsg < "$1/message"; status=$?
kill $!
exit $status
"""
NO_NETWORK = 77


def verdict(content: bytes, record: str, directory: Path) -> tuple[int, bytes]:
    """Exit status and words of OpenDKIM on a message: (0, b"") when it is verified.

    The test is skipped where the judge, or a network of its own, cannot be had.
    """
    if not shutil.which("opendkim-testmsg") or not shutil.which("unshare"):
        pytest.skip("opendkim-testmsg or unshare is not installed")
    (directory / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (directory / "server.py").write_text(NAME_SERVER)
    (directory / "message").write_bytes(content.replace(b"\r\n", b"\n"))
    (directory / "ready").unlink(missing_ok=True)
    command = ["unshare", "-rmn", "sh", "-c", IN_OWN_NETWORK, "sh"]
    arguments = [str(directory), sys.executable, record]
    ended = subprocess.run(
        command + arguments, capture_output=True, timeout=60, check=False
    )
    if ended.returncode == NO_NETWORK or b"unshare failed" in ended.stderr:
        pytest.skip("this machine allows no network of one's own")
    return ended.returncode, ended.stdout + ended.stderr
