"""No token and no key is ever written to a log."""

import itertools
import logging

import pytest
import token_corpus as corpus

from portal_app.access.api_keys import new_api_key
from portal_app.settings import get_settings
from portal_app.web.redaction import HIDDEN, Redactor, install

TOKEN = corpus.good_token()
KEY = str(new_api_key(live=True))
KNOWN = "q7Zt0vYw3sLr8Nf2Xk5Jb9Hd6Gc1Pm4U"


@pytest.fixture
def redacting():
    """Records of this test are redacted as those of a running portal are."""
    before = logging.getLogRecordFactory()
    install([KNOWN, ""])
    yield
    logging.setLogRecordFactory(before)


@pytest.mark.threat("T35")
@pytest.mark.parametrize("secret", [TOKEN, KEY, KNOWN], ids=["token", "key", "setting"])
def test_a_secret_is_hidden_wherever_it_stands_in_a_record(redacting, caplog, secret):
    logger = logging.getLogger("nobody.has.configured.this")
    logger.warning("a token %s, and %r", secret, {"vars": [secret]})
    logger.warning("in the text itself: " + secret)  # noqa: G003
    logger.warning(secret)
    try:
        _fail(secret)
    except ValueError:
        logger.exception("it failed")
    assert secret not in caplog.text
    assert caplog.text.count(HIDDEN) == 6
    assert "it failed" in caplog.text
    assert "ValueError" in caplog.text


def _fail(secret: str) -> None:
    raise ValueError(f"Failed to deserialize {{'token': '{secret}'}}") from KeyError(secret)


@pytest.mark.threat("T35")
def test_handlers_and_loggers_that_come_later_are_covered(redacting, capsys):
    logger = logging.getLogger("one.that.comes.later")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s %(args)s %(exc_text)s"))
    logger.addHandler(handler)
    try:
        logger.warning("a token %s", TOKEN)
    finally:
        logger.removeHandler(handler)
    _, said = capsys.readouterr()
    assert HIDDEN in said
    assert TOKEN not in said


def test_a_record_that_does_not_fit_its_arguments_neither_raises_nor_shows_them(redacting, caplog):
    logging.getLogger("clumsy").warning("%d tokens", TOKEN)
    assert caplog.messages == ["a record of clumsy does not fit its arguments"]


def test_what_holds_no_secret_stays_as_it_is(redacting, caplog):
    with pytest.raises(ZeroDivisionError):
        _divide()
    record = caplog.records[-1]
    assert (record.msg, record.args, record.exc_info[0]) == ("%s failed", ("division",), ZeroDivisionError)


def _divide() -> None:
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        logging.getLogger("plain").exception("%s failed", "division")
        raise


@pytest.mark.threat("T35")
@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"GET /?token={TOKEN}&locale=de", f"GET /?token={HIDDEN}&locale=de"),
        (f"GET /files/{TOKEN}", f"GET /files/{HIDDEN}"),
        ("/_event/?EIO=4&token=5f0c-11 done", f"/_event/?EIO=4&token={HIDDEN} done"),
        (f"{{'portal_token': '{TOKEN}'}}", f"{{'portal_token': '{HIDDEN}'}}"),
        (f"x-api-key: {KEY}", f"x-api-key: {HIDDEN}"),
        (TOKEN[:-10], HIDDEN),
        (TOKEN.rpartition(".")[0], HIDDEN),
        ("postgresql://portal:hunter2@db/portal", f"postgresql://{HIDDEN}@db/portal"),
        ("redis://:hunter2@db:6379/0", f"redis://{HIDDEN}@db:6379/0"),
        (f"key {KNOWN}!", f"key {HIDDEN}!"),
        ("https://app.example.com/a:b@c", "https://app.example.com/a:b@c"),
        ("nothing to hide, token is a word", "nothing to hide, token is a word"),
    ],
    ids=itertools.count(),  # a secret in a test's name would be another one on each worker
)
def test_what_looks_like_a_secret_is_hidden(text, hidden):
    assert Redactor([KNOWN])(text) == hidden


def test_the_settings_name_every_key_of_theirs():
    assert get_settings().secrets() == [KNOWN, "DQw6ARpE9t6T9MyHlfjJxNCbEmvlMbMft1cSqXFK5S0="]
