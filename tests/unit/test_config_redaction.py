"""Secrets are known by the directive's name."""

import pytest

from sinyal.config import DIRECTIVES
from sinyal.config.redaction import HIDDEN, shown, shown_name

SECRET = {row.name for row in DIRECTIVES if row.type.is_secret}
PLAIN = {row.name for row in DIRECTIVES} - SECRET


@pytest.mark.parametrize("name", sorted(SECRET))
def test_every_directive_with_a_secret_type_hides_it(name):
    assert "horse" not in shown(name, "file.pem horse")
    assert "horse" not in shown(name, '"a file.pem" "horse"')


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_no_other_directive_hides_its_value(name):
    assert shown(name, "word") == "word"
    assert shown(name, "a word") == "a word" or name.endswith("certificate")


def test_a_name_with_its_value_attached_is_cut():
    assert shown_name("password=horse") == f"password={HIDDEN}"
    assert shown_name("api-key:horse") == f"api-key={HIDDEN}"
    assert shown_name("max-smtp-out=3") == "max-smtp-out=3"


def test_the_user_and_password_of_a_url_are_hidden():
    assert shown("server-url", "https://u:horse@host/a") == f"https://{HIDDEN}@host/a"
    assert shown("mail-from", "a@b c@d") == "a@b c@d"


@pytest.mark.parametrize(
    "name", ["auth-pasword", "passord", "Passwrod", "psasword", "pswd", "smtp-pwd"]
)
def test_a_misspelled_password_is_hidden_too(name):
    assert shown(name, "horse") == HIDDEN
    assert shown_name(f"{name}=horse") == f"{name}={HIDDEN}"
