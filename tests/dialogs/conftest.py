import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate and its key in one file."""
    directory = tmp_path_factory.mktemp("tls")
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    words = "openssl req -x509 -newkey ec -nodes -days 30 -subj /CN=mx.example"
    options = ["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key]
    command = [*words.split(), *options, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    both = directory / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs on asyncio's own loop and on the programs' loop."""
    if request.param == "uvloop":
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    yield request.param
    asyncio.set_event_loop_policy(None)
