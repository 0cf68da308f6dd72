from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.smtp import sasl


def test_cram_md5_proves_as_in_the_example_of_its_rfc() -> None:
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    assert sasl.cram_md5_response("tim", "tanstaaftanstaaf", challenge) == (
        b"tim b913a602c7eda7a495b4e6e7334d3890"
    )


def test_plain_gives_name_and_password_and_nobody_acts_for_another() -> None:
    assert sasl.parse_plain(b"\0al\0pw") == sasl.Credentials("al", "pw")
    assert sasl.parse_plain(b"al\0al\0pw") == sasl.Credentials("al", "pw")
    assert sasl.parse_plain(b"root\0al\0pw") is None
    assert sasl.parse_plain(b"al\0pw") is None
    assert sasl.parse_plain(b"\0\xff\0pw") is None


@settings(max_examples=100)
@given(st.binary(max_size=100))
def test_whatever_comes_is_read_or_refused(octets: bytes) -> None:
    sasl.parse_plain(octets)
    sasl.parse_cram_md5(octets)
    sasl.decode(octets)
    assert sasl.decode(sasl.encode(octets)) == octets
