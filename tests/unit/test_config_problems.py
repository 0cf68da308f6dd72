"""What the operator wrote wrong: each kind, and all of a file in one run."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pem_files import KEY

from sinyal.config import load
from sinyal.config.directives.table import TABLE


class Shelf:
    """Files in memory."""

    def __init__(self, **texts):
        self.texts = {f"/c/{name}": text for name, text in texts.items()}

    def read(self, path):
        if path not in self.texts:
            raise FileNotFoundError(2, "No such file or directory", path)
        return self.texts[path]

    def resolve(self, path, beside):
        return path if path.startswith("/") else f"/c/{path}"

    def expand(self, pattern):
        if not pattern.endswith("*"):
            return [pattern] if pattern in self.texts else []
        return sorted(path for path in self.texts if path.startswith(pattern[:-1]))

    def read_bytes(self, path):
        return self.read(path).encode()

    def pieces(self, path):
        yield self.read_bytes(path)

    def mode(self, path):
        return 0o600

    def exists(self, path):
        return path in self.texts


BASE = "log-file l\n<spool s>\n</spool>\n"


def problems(text, **others):
    """The problems of a file, without the lines of BASE."""
    return load("/c/main", Shelf(main=text + "\n" + BASE, **others)).problems


def errors(text, **others):
    return [str(found) for found in problems(text, **others) if found.is_error]


def warnings(text, **others):
    return [str(found) for found in problems(text, **others) if not found.is_error]


def test_an_unknown_directive_is_an_error_with_a_guess():
    assert errors("total-max-smtp-inn 5") == [
        "/c/main:1: total-max-smtp-inn: unknown directive,"
        " did you mean total-max-smtp-in?"
    ]
    assert errors("zzzzzzzz 5") == [
        "/c/main:1: zzzzzzzz: unknown directive, remove the line"
    ]


def test_a_directive_in_the_wrong_scope_says_where_it_belongs():
    assert errors("max-smtp-out 5") == [
        "/c/main:1: max-smtp-out: does not belong in the global level,"
        " move it to <domain> or <virtual-mta> or <virtual-mta-pool>"
    ]
    assert errors("<domain x>\napi-key a\n</domain>") == [
        "/c/main:2: api-key: does not belong in <domain>,"
        " move it to <signals> or <transmissions-api>"
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("total-max-smtp-in many", '"many" is not a whole number, write a number'),
        ("total-max-smtp-in", "the value is missing, write a number or unlimited"),
        ("total-max-smtp-in 1 2", '"2" is one word too many, write a number'),
        ("log-file-world-readable maybe", '"maybe" is not a switch, write yes or no'),
        ("smtp-listener 0.0.0.0", "the port is missing, write IP:PORT"),
        ("domain-key a, b", "a key has a selector, a domain and a file, write"),
        ('host-name "open', 'a double quote is not closed, add the closing "'),
    ],
)
def test_a_bad_value_is_named_with_the_form_to_write(line, said):
    (found,) = errors(line)
    assert found.startswith(f"/c/main:1: {line.split()[0]}: {said}")


def test_a_bad_password_is_not_repeated():
    (found,) = errors("<smtp-user u>\npassword correct horse\n</smtp-user>")
    assert "horse" not in found and "blanks" in found
    (found,) = errors("<smtp-user u>\npassword ## placeholder ##\n</smtp-user>")
    assert found.startswith("/c/main:2: password: the value is missing")


def test_a_place_that_is_listened_to_twice_is_an_error():
    text = "smtp-listener 127.0.0.1:25\nsmtp-listener 127.0.0.1:25"
    assert errors(text) == [
        "/c/main:2: smtp-listener: 127.0.0.1:25 is listened to already,"
        " remove one of the lines"
    ]


def test_values_that_sinyal_does_not_do_yet_say_so():
    (advice,) = warnings("<domain local>\nmax-smtp-out 5\n</domain>")
    assert "has no effect here" in advice


def test_a_missing_file_is_an_error():
    assert errors("domain-key a, b.example, k.pem") == [
        "/c/main:1: domain-key: /c/k.pem cannot be read,"
        " check the path and the permissions"
    ]
    assert errors("domain-key a, b.example, k.pem", **{"k.pem": KEY.decode()}) == []


def test_a_configuration_that_is_not_there_is_an_error():
    loaded = load("/c/none", Shelf())
    assert loaded.configuration is None
    assert str(loaded.problems[0]) == (
        "/c/none:1: No such file or directory, check the path and the permissions"
    )


def test_an_unclosed_section_is_an_error_at_its_first_line():
    loaded = load("/c/main", Shelf(main=BASE + "<source 0/0>\nsmtp-service yes"))
    assert [str(found) for found in loaded.problems] == [
        "/c/main:4: <source>: the section is not closed,"
        " add </source> after its last line"
    ]


def test_a_section_inside_an_unclosed_one_points_at_the_missing_line():
    (_, found) = errors("<domain *>\nmax-smtp-out 5\n<source 0/0>\n</source>")[:2]
    assert found == (
        "/c/main:3: <source>: does not belong in <domain>,"
        " move it to the global level; is a closing line missing above?"
    )


def test_an_unknown_section_is_an_error_with_a_guess():
    assert errors("<sorce 0/0>\nanything\n</sorce>") == [
        "/c/main:1: <sorce>: unknown section, did you mean source?"
    ]


def test_a_section_in_the_wrong_place_is_an_error_and_its_lines_are_still_checked():
    found = errors("<source 0/0>\n<signals>\napi-key x\n</signals>\n</source>")
    assert "does not belong in <source>" in found[0]
    assert found[1].startswith("/c/main:3: api-key: the key has 1 characters")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<source 0/0>\nrewrite-list a\n</source>", "<rewrite-list a>"),
        (
            "<source 0/0>\ndefault-virtual-mta a\n</source>",
            "<virtual-mta a> or <virtual-mta-pool a>",
        ),
        ("<virtual-mta-pool p>\nvirtual-mta a\n</virtual-mta-pool>", "<virtual-mta a>"),
        ("<smtp-user u>\npassword x\nsource a\n</smtp-user>", "<source a>"),
        ("smtp-listener 127.0.0.1:25 source=a", "<source a>"),
        ("<virtual-mta v>\nenable-signals a\n</virtual-mta>", "<signals-filter a>"),
    ],
)
def test_a_name_that_nothing_defines_is_an_error(text, name):
    (found,) = errors(text)
    assert found.endswith(f": a is not defined, add {name}")


def test_a_pool_called_like_a_virtual_mta_is_an_error():
    text = "<virtual-mta a>\n</virtual-mta>\n"
    text += "<virtual-mta-pool a>\nvirtual-mta a\n</virtual-mta-pool>"
    assert errors(text) == [
        "/c/main:3: <virtual-mta-pool a>: a VirtualMTA is called a too,"
        " rename one of them"
    ]


def test_a_virtual_mta_in_two_pools_with_domains_is_an_error():
    pool = "<virtual-mta-pool {}>\nvirtual-mta v\n<domain *>\n</domain>\n"
    pool += "</virtual-mta-pool>\n"
    text = "<virtual-mta v>\n</virtual-mta>\n" + pool.format("a") + pool.format("b")
    (found,) = errors(text)
    assert "v is also in pool a, both have <domain>" in found


def test_a_scalar_written_twice_is_a_warning_and_the_last_counts():
    text = "total-max-smtp-in 5\ntotal-max-smtp-in 6"
    assert warnings(text) == [
        "/c/main:2: total-max-smtp-in: written before in line 1, this last value counts"
    ]
    loaded = load("/c/main", Shelf(main=text))
    assert loaded.configuration.settings.total_max_smtp_in == 6


def test_sections_of_the_same_name_count_as_one():
    text = "<smtp-user u>\npassword a\n</smtp-user>\n"
    text += "<smtp-user u>\nauthentication-method password\n</smtp-user>"
    assert warnings(text) == [
        "/c/main:4: <smtp-user>: opened before in line 1, both count as one section"
    ]


def test_what_powermta_has_and_sinyal_does_not_do_yet_is_a_warning():
    text = "http-mgmt-port 8081\n<domain x>\ncheck-pra-outbound yes\n</domain>\n"
    text += "<domain x>\ncheck-pra-outbound no\n</domain>\n<dns>\nanything\n</dns>"
    assert warnings(text) == [
        "/c/main:1: http-mgmt-port: has no effect here:"
        " the web monitor is not done yet",
        "/c/main:3: check-pra-outbound: has no effect here: Sender-ID is historic",
        "/c/main:6: check-pra-outbound: written before in line 3,"
        " this last value counts",
        "/c/main:8: <dns>: has no effect here:"
        " domains are looked up when they are needed",
    ]
    assert [line.partition(": ")[0] for line in errors(text)] == ["/c/main:9"]


def test_the_former_name_of_signals_is_a_warning():
    key = "0" * 40
    text = f"<sparkpost-analytics>\napi-key {key}\n</sparkpost-analytics>"
    assert "write <signals>" in warnings(text)[0]
    assert load("/c/main", Shelf(main=text)).configuration.signals.api_key == key


def test_signals_needs_a_key_and_tracking_an_account_number():
    found = errors("<signals>\nengagement-tracking sparkpost\n</signals>")
    assert [text.split(": ", 2)[2] for text in found] == [
        "api-key is missing, add api-key",
        "engagement-tracking sparkpost needs an account number, add customer-id",
    ]


def test_delivery_ways_not_done_yet_are_errors():
    (found,) = errors("<domain x>\ntype pipe\n</domain>")
    assert "pipe is refused: mail would go out over SMTP" in found


@pytest.mark.parametrize(
    "text",
    [
        "<domain $a>\n</domain>",
        "domain-macro a $b\ndomain-macro b $a\n<domain $a>\n</domain>",
        "domain-macro a " + ",".join(["x"] * 200) + "\n<domain $a.$a>\n</domain>",
        "<domain a b>\n</domain>",
        "<domain [10.0.0/99]>\n</domain>",
    ],
)
def test_a_domain_that_cannot_be_expanded_is_an_error(text):
    assert len(errors(text)) == 1


def test_every_problem_of_a_file_is_told_in_one_run():
    text = """unknown-thing 1
max-smtp-out 5
total-max-smtp-in many
<source 0/0>
rewrite-list nowhere
smtp-service perhaps
</source>
<virtual-mta a>
</virtual-mta>
<virtual-mta-pool a>
virtual-mta missing
</virtual-mta-pool>
domain-key s, d.example, missing.pem
<signals>
"""
    loaded = load("/c/main", Shelf(main=text))
    assert loaded.configuration is None
    lines = [problem.line for problem in loaded.problems if problem.is_error]
    assert lines == [1, 2, 3, 5, 6, 10, 11, 13, 14, 14]


def test_included_files_keep_their_own_lines_in_problems():
    found = errors("include part*", part1="total-max-smtp-in x", part2="\nbad 1")
    assert [text.split(": ")[0] for text in found] == ["/c/part1:1", "/c/part2:2"]


def test_an_include_may_stand_in_a_section():
    text = "<source 0/0>\ninclude part\n</source>"
    loaded = load("/c/main", Shelf(main=text, part="allow-auth no"))
    assert loaded.configuration.source_for("10.0.0.1").allow_auth is False


def test_a_file_that_includes_itself_is_an_error():
    (found,) = errors("include part", part="include main")
    assert found.startswith("/c/part:1: include: /c/main includes itself")


def test_a_missing_include_is_an_error():
    assert "/c/none is not there" in errors("include none")[0]


def test_includes_that_multiply_are_stopped():
    others = {f"p{at}": f"include p{at + 1}\n" * 8 for at in range(15)}
    started = time.process_time()
    found = errors("include p0", **others)
    assert any("too many files are included" in text for text in found)
    assert time.process_time() - started < 5


def test_a_hostile_file_costs_time_in_proportion_to_its_length():
    started = time.process_time()
    load("/c/main", Shelf(main="unknown-thing 1\n" * 30_000))
    load("/c/main", Shelf(main="total-max-smtp-in 1\n" * 30_000))
    load("/c/main", Shelf(main="<domain a>\n</domain>\n" * 20_000))
    load("/c/main", Shelf(main="relay-domain " + "a." * 50_000 + "\n"))
    assert time.process_time() - started < 8


NAMES = sorted({name for _, name in TABLE.rows} | {"nonsense"})
TAGS = sorted(TABLE.sections)
WORDS = st.sampled_from(["yes", "0/0", "a", "*", "$m", "10m", '"', "a@b", "1,2", "/x/"])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds("{} {}".format, st.sampled_from(NAMES), WORDS),
            st.builds("<{} {}>".format, st.sampled_from(TAGS), WORDS),
            st.builds("</{}>".format, st.sampled_from(TAGS)),
            st.just("include main"),
        ),
        max_size=30,
    )
)
def test_any_file_loads_or_says_why_not(lines):
    loaded = load("/c/main", Shelf(main="\n".join(lines)))
    has_error = any(problem.is_error for problem in loaded.problems)
    assert (loaded.configuration is None) == has_error
    assert all(str(problem) for problem in loaded.problems)


def test_too_many_includes_are_told_of_once_and_fast():
    files = {f"p{number}": "log-rotate 2" for number in range(3)}
    began = time.perf_counter()
    found = errors("include p0\n" * 20_000, **files)
    assert time.perf_counter() - began < 5
    assert found == ["/c/main:1000: include: too many files are included, join some"]


def test_a_hundred_thousand_unknown_lines_are_told_within_seconds():
    began = time.perf_counter()
    found = errors("nothing-known 1\n" * 100_000)
    assert time.perf_counter() - began < 10
    assert len(found) == 100_000


def test_a_macro_of_many_domains_reads_its_section_once():
    names = ",".join(f"d{number}.example" for number in range(4000))
    lines = "max-smtp-out 3\nretry-after 5m\n" * 500
    text = f"domain-macro m {names}\n<domain $m>\n{lines}</domain>\n"
    began = time.perf_counter()
    assert not errors(text)
    assert time.perf_counter() - began < 3


def test_files_that_are_large_together_are_refused_with_the_one_too_many():
    files = {f"p{number}": "# some\n" * (1 << 20) for number in range(3)}
    found = errors("include p0\ninclude p1\ninclude p2", **files)
    assert found == [
        "/c/p2:1: with it the configuration is too large, shorten it",
    ]


def test_a_pool_of_thousands_is_read_in_proportion():
    members = range(4000)
    text = "".join(f"<virtual-mta m{number}>\n</virtual-mta>\n" for number in members)
    pool = "".join(f"virtual-mta m{number}\n" for number in members)
    began = time.perf_counter()
    assert not errors(f"{text}<virtual-mta-pool p>\n{pool}</virtual-mta-pool>\n")
    assert time.perf_counter() - began < 3
