"""The memory of `sinyal mta` with many idle connections, in the clear and inside TLS.

`--json` prints the figures as JSON. Each client has said EHLO and waits.
"""

import argparse
import json
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sinyal.runtime.certificate import self_made
from sinyal.runtime.tls import client_context

CONNECTIONS = 5000
TLS_SHARE = 5  # a handshake takes its time: fewer of these tell as much
LIMIT_MB = 150.0
PATIENCE_S = 30.0

CONFIGURATION = """
host-name mx.example
total-max-smtp-in 0
smtp-listener 127.0.0.1:{port}
smtp-server-tls-certificate {pem}
<source 0/0>
allow-starttls yes
</source>
<spool {directory}/spool>
</spool>
"""


def main() -> int:
    """Measure; exit 1 when plain connections take more than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    asked = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    found = {
        "plain": measure(asked.connections, is_tls=False),
        "tls": measure(asked.connections // TLS_SHARE, is_tls=True),
    }
    if asked.json:
        print(json.dumps(found))
    else:
        print("idle connections            at rest      all   each")
        for name, row in found.items():
            count, rest, whole = row["connections"], row["rest_mb"], row["all_mb"]
            shown = f"{count:>10} {name:<11}   {rest:5.1f} MB {whole:5.1f} MB"
            print(f"{shown} {row['each_kb']:5.1f} kB")
    return int(found["plain"]["all_mb"] > LIMIT_MB)


def measure(count: int, *, is_tls: bool) -> dict[str, float]:
    """Resident memory of a server at rest, and with `count` connections."""
    with tempfile.TemporaryDirectory() as name:
        server, port = start(Path(name))
        try:
            hello(port, is_tls=is_tls).close()  # what the first connection loads
            rest = resident_kb(server.pid)
            clients = [hello(port, is_tls=is_tls) for _ in range(count)]
            whole = resident_kb(server.pid)
            for client in clients:
                client.close()
        finally:
            server.terminate()
            server.wait()
    return {
        "rest_mb": round(rest / 1024, 1),
        "all_mb": round(whole / 1024, 1),
        "connections": count,
        "each_kb": round((whole - rest) / count, 1),
    }


def start(directory: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A server that listens, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    pem, file = directory / "tls.pem", directory / "pmta.conf"
    pem.write_bytes(self_made("mx.example", time.time()))
    file.write_text(CONFIGURATION.format(port=port, pem=pem, directory=directory))
    command = [sys.executable, "-m", "sinyal", "mta", "--config", str(file)]
    command += ["--state", str(directory / "state")]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return server, port
    raise TimeoutError("the server does not listen")


def hello(port: int, *, is_tls: bool) -> socket.socket:
    """A connection that has said EHLO, inside TLS if asked."""
    opened = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    opened.recv(4096)
    ask(opened, b"EHLO client.example\r\n")
    if is_tls:
        ask(opened, b"STARTTLS\r\n")
        opened = CONTEXT.wrap_socket(opened)
        ask(opened, b"EHLO client.example\r\n")
    return opened


def ask(opened: socket.socket, command: bytes) -> None:
    """Say a command and read its reply, which comes in one piece here."""
    opened.sendall(command)
    answer = opened.recv(4096)
    if not answer.startswith(b"2"):
        raise ConnectionError(answer)


def resident_kb(pid: int) -> int:
    """VmRSS of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (one for one in status.splitlines() if one.startswith("VmRSS:"))
    return int(line.split()[1])


CONTEXT: ssl.SSLContext = client_context(verify=False)

if __name__ == "__main__":
    sys.exit(main())
