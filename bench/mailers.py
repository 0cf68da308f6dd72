"""Mail servers under measurement: each relays from one loopback port to another."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

LOOPBACK = "127.0.0.1"

POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/postfix.log
maillog_file_prefixes = {root}
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [127.0.0.1]:{to_port}
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
default_process_limit = 200
default_destination_concurrency_limit = 50
initial_destination_concurrency = 50
qmgr_message_active_limit = 40000
alias_maps =
local_recipient_maps =
"""

POSTFIX_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

SINYAL = """
smtp-listener 127.0.0.1:{port}
host-name bench.test
<source 0/0>
    always-allow-relaying yes
</source>
<spool {root}/spool>
</spool>
<acct-file {root}/acct.csv>
    records d,b
</acct-file>
log-file {root}/sinyal.log
total-max-smtp-in 200
<domain *>
    smtp-hosts [127.0.0.1]:{to_port}
    max-smtp-out 50
    use-starttls no
    connection-idle-timeout 1s
</domain>
"""


def free_port() -> int:
    """A port of loopback that nobody holds."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def await_port(port: int, within_s: float = 20.0) -> None:
    """Return once `port` accepts. Errors: `TimeoutError`."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def start_postfix(
    root: Path, port: int, to_port: int, more: str = ""
) -> Callable[[], None]:
    """Start a Postfix of its own below `root`; returns what stops it. Needs root.

    `more` are lines of main.cf that outrank those above.
    """
    for name in ("etc", "queue", "data"):
        (root / name).mkdir(parents=True)
    shutil.chown(root / "data", "postfix")
    root.chmod(0o755)
    etc = root / "etc"
    main = POSTFIX_MAIN.format(root=root, to_port=to_port)
    (etc / "main.cf").write_text(main + more)
    (etc / "master.cf").write_text(POSTFIX_MASTER.format(port=port))
    for name in ("dynamicmaps.cf", "postfix-files"):
        shutil.copy(f"/etc/postfix/{name}", etc / name)
    control = ["postfix", "-c", str(etc)]
    subprocess.run([*control, "start"], check=True, capture_output=True)
    await_port(port)
    return lambda: subprocess.run([*control, "stop"], capture_output=True, check=False)


def start_sinyal(root: Path, port: int, to_port: int) -> Callable[[], None]:
    """Start `sinyal mta` with one worker below `root`; returns what stops it."""
    conf = SINYAL.format(root=root, port=port, to_port=to_port)
    child = launch_sinyal(root, port, conf)
    return lambda: stop_sinyal(child)


def launch_sinyal(
    root: Path, port: int, conf: str, package_root: str = ""
) -> subprocess.Popen[bytes]:
    """A running `sinyal mta` on the configuration `conf`.

    `package_root` is the checkout that it runs from, "" for the installed one.
    """
    root.mkdir(parents=True)
    path = root / "mta.conf"
    path.write_text(conf)
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "sinyal", "mta"),
            *("--config", str(path), "--state", str(root)),
        ],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=root,
        env=os.environ | ({"PYTHONPATH": package_root} if package_root else {}),
    )
    await_port(port)
    return child


def stop_sinyal(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    child.wait(20)
