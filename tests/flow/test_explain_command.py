"""`sinyal check`, `explain` and `diff` as an operator calls them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

OLD = """\
log-file pmta.log
<spool spool>
</spool>
relay-domain example.com
include more.conf
"""
MORE = """\
<source 0/0>
    always-allow-relaying no
</source>
<source 10/8>
    always-allow-relaying yes
</source>
<virtual-mta mta1>
    smtp-source-host 10.0.0.1 mta1.example.com
    <domain gmail.com>
        max-smtp-out 2
    </domain>
</virtual-mta>
<domain *>
    max-msg-rate 100/h
</domain>
"""


def sinyal(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sinyal", *map(str, words)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "more.conf").write_text(MORE)
    path = tmp_path / "config"
    path.write_text(OLD)
    return path


def test_explain_names_the_line_of_an_included_file(config: Path) -> None:
    ended = sinyal("explain", "--config", config, "gmail.com/mta1")
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = [line.split() for line in ended.stdout.splitlines()]
    more = config.parent / "more.conf"
    owner = ["<virtual-mta", "mta1>", "<domain", "gmail.com>"]
    assert ["max-smtp-out", "2", f"{more}:10", *owner] in rows
    assert ["max-msg-rate", "100/h", f"{more}:14", "<domain", "*>"] in rows


def test_explain_takes_the_file_as_the_first_word_and_answers_in_json(
    config: Path,
) -> None:
    ended = sinyal("explain", config, "--source", "10.1.2.3", "--json")
    (group,) = json.loads(ended.stdout)
    (row,) = group["rows"]
    assert (row["name"], row["value"]) == ("always-allow-relaying", "yes")
    assert row["places"][0]["line"] == 5
    assert row["overrides"][0]["line"] == 2


def test_explain_of_what_is_not_in_the_file_ends_with_2(config: Path) -> None:
    ended = sinyal("explain", config, "gmail.com/none")
    assert ended.returncode == 2
    assert ended.stderr == "sinyal explain: no VirtualMTA or pool is called none\n"
    assert sinyal("explain", config.parent / "none", "a.b").returncode == 2


@pytest.mark.parametrize("command", ["check", "explain", "diff"])
def test_each_command_tells_how_it_is_called(command: str) -> None:
    ended = sinyal(command, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"Usage: sinyal {command} ")
    assert max(map(len, ended.stdout.splitlines())) <= 80


def test_explain_goes_on_beside_a_line_in_error(config: Path) -> None:
    config.write_text(OLD + "domain-key a, b.example, none.pem\n")
    ended = sinyal("explain", config, "gmail.com")
    assert ended.returncode == 0
    assert "none.pem cannot be read" in ended.stderr
    assert "max-msg-rate  100/h" in ended.stdout


def test_diff_ends_like_diff_with_0_1_or_2(config: Path) -> None:
    new = config.with_name("new")
    new.write_text("# moved\n" + OLD)
    same = sinyal("diff", config, new)
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "")

    new.write_text(OLD + "<domain gmail.com>\nmax-smtp-out 9\n</domain>\n")
    ended = sinyal("diff", config, new)
    assert ended.returncode == 1
    assert ended.stdout.splitlines() == [
        "queue gmail.com",
        "- max-smtp-out  20  default",
        f"+ max-smtp-out  9   {new}:7  <domain gmail.com>",
        "",
        "a reload is enough",
    ]
    (change,) = json.loads(sinyal("diff", config, new, "--json").stdout)
    assert change["where"] == "queue gmail.com"

    assert sinyal("diff", config, config.with_name("none")).returncode == 2


def test_check_answers_with_one_json_document(config: Path) -> None:
    config.write_text(OLD + "max-smtp-outt 3\n")
    ended = sinyal("check", config, "--json")
    document = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr) == (2, "")
    assert (document["errors"], document["warnings"]) == (1, 0)
    (problem,) = document["problems"]
    assert problem["line"] == 6
    assert problem["directive"] == "max-smtp-outt"
    assert problem["severity"] == "error"

    lenient = sinyal("check", config, "--lenient", "--json")
    assert lenient.returncode == 0
    assert json.loads(lenient.stdout)["problems"][0]["severity"] == "warning"


def test_check_tells_the_messages_an_hour_that_the_limits_allow(config: Path) -> None:
    ended = sinyal("check", config, "--ceiling", "--seconds-per-message", "2")
    assert ended.returncode == 0
    rows = [line.split() for line in ended.stdout.splitlines()]
    more = config.parent / "more.conf"
    owner = ["<virtual-mta", "mta1>", "<domain", "gmail.com>"]
    assert ["*", "100", "max-msg-rate", "100/h", f"{more}:14", "<domain", "*>"] in rows
    assert [
        "gmail.com/mta1", "100", "max-msg-rate", "100/h", f"{more}:14", "<domain", "*>"
    ] in rows  # fmt: skip
    assert owner  # the connections of the queue would allow 3,600


def test_check_prints_the_file_as_it_is_read(config: Path) -> None:
    ended = sinyal("check", config, "--print")
    assert ended.stdout.startswith("log-file pmta.log\n<spool spool>\n</spool>\n")
    assert "    <domain gmail.com>\n        max-smtp-out 2\n" in ended.stdout
    again = config.with_name("again")
    again.write_text(ended.stdout)
    assert sinyal("check", again, "--print").stdout == ended.stdout


SECRETS = """\
log-file pmta.log
<spool spool>
</spool>
smtp-server-tls-certificate cert.pem Horse1
http-api-key Horse2Horse2Horse2Horse2Horse2Horse2
<signals>
api-key {hex}
</signals>
<smtp-user u>
password "Horse3"
</smtp-user>
<smtp-user v>
passwrd Horse4
password=Horse5
password Horse6 Horse7
</smtp-user>
<domain *>
auth-username u
auth-password Horse8
smtp-client-certificate cert.pem Horse9
</domain>
<source 0/0>
password HorseA
auth-password HorseB
</source>
<transmissions-api>
api-key HorseCHorseCHorseCHorseCHorseCHorseC
api-key Horse!
</transmissions-api>
<acct-file acct.csv>
privacy-policy siphash HorseD
privacy-policy hmac-sha2 HorseE
</acct-file>
<vault>
access-token HorseF
</vault>
api-key Horse0
auth-pass HorseG
"""


def test_no_command_tells_a_secret(config: Path) -> None:
    old, new = config.with_name("secrets"), config.with_name("others")
    old.write_text(SECRETS.replace("{hex}", "0dea" * 10))
    new.write_text(SECRETS.replace("{hex}", "0bad" * 10).replace("Horse", "Stable"))
    for words in (
        ("check", old),
        ("check", old, "--json", "--lenient"),
        ("check", old, "--print", "--ceiling"),
        ("explain", old, "a.example", "--all", "--source", "10.0.0.1", "--user", "u"),
        ("explain", old, "a.example", "--json"),
        ("diff", old, new),
        ("diff", old, new, "--json"),
        ("mta", "--config", old, "--state", config.with_name("state")),
    ):
        ended = sinyal(*words)
        said = ended.stdout + ended.stderr
        for secret in ("Horse", "Stable", "0dea", "0bad"):
            assert secret not in said, (words, secret, said)
        assert said
    shown = sinyal("check", old, "--print", "--with-secrets").stdout
    assert shown.count("Horse") == SECRETS.count("Horse")
