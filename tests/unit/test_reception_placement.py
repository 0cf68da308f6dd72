from sinyal.config.configuration import Configuration
from sinyal.config.settings import GlobalSettings, Pool, SourceSettings, VirtualMta
from sinyal.config.vocabulary import SourceHost
from sinyal.reception.placement import Placement, Wish, place
from sinyal.reception.turns import Turns
from sinyal.smtp.reply import Reply

CONFIGURATION = Configuration(
    settings=GlobalSettings(),
    virtual_mtas={
        "one": VirtualMta(name="one", smtp_source_host=(SourceHost("192.0.2.1", "o"),)),
        "two": VirtualMta(name="two", smtp_source_host=(SourceHost("192.0.2.2", "t"),)),
    },
    pools={"both": Pool(name="both", virtual_mta=("one", "two"))},
)


def choose(
    header: str | None = None, local_ip: str = "", **settings: str | bool
) -> Placement | Reply:
    source = SourceSettings(**settings)
    return place(CONFIGURATION, Turns(), source, Wish(header, local_ip=local_ip))


def test_a_message_that_selects_nothing_goes_to_the_default_queues() -> None:
    assert choose() == Placement("{default}", "")


def test_the_source_names_a_virtual_mta_or_a_pool() -> None:
    assert choose(default_virtual_mta="two") == Placement("two")
    assert choose(default_virtual_mta="both") == Placement("one", "both")


def test_the_header_comes_before_the_source() -> None:
    assert choose("two", default_virtual_mta="both") == Placement("two")


def test_an_unknown_name_is_refused_and_shown_without_control_characters() -> None:
    answer = choose("no\r\nwhere")
    assert isinstance(answer, Reply)
    assert answer.text == '5.5.0 there is no VirtualMTA "no??where"'


def test_an_unknown_name_falls_back_to_the_source_where_that_is_allowed() -> None:
    placed = choose("x", default_virtual_mta="one", reject_invalid_virtual_mta=False)
    assert placed == Placement("one")


def test_an_empty_name_is_unknown_unless_it_may_mean_none() -> None:
    assert isinstance(choose(""), Reply)
    assert choose("", allow_empty_x_virtual_mta=True) == Placement()


def test_by_smtp_source_ip_takes_the_virtual_mta_of_the_local_address() -> None:
    wanted = "by-smtp-source-ip"
    assert choose(None, "192.0.2.2", default_virtual_mta=wanted) == Placement("two")
    assert choose(None, "192.0.2.9", default_virtual_mta=wanted) == Placement()


def test_each_pool_takes_its_own_turns() -> None:
    turns, source = Turns(), SourceSettings(default_virtual_mta="both")
    placed = [place(CONFIGURATION, turns, source, Wish()) for _ in range(3)]
    assert [one.vmta for one in placed if isinstance(one, Placement)] == [
        "one",
        "two",
        "one",
    ]
