"""Links to files: one minute, one file, one customer."""

import base64
import json
from datetime import timedelta

import pytest
import token_corpus as corpus
from cast import NOW
from hypothesis import given
from hypothesis import strategies as st

from portal_app.access.downloads import (
    KEY_ID,
    Download,
    FileKind,
    sign_download,
    sign_download_of_operator,
    verify_download,
)
from portal_app.access.keys import Purpose, derive_key
from portal_app.access.principal import CustomerId, Principal
from portal_app.access.tokens import DOWNLOAD, Claims, TokenRejected, sign
from portal_app.queries.invoice_search import MAX_CHARACTERS

KEY = derive_key("q7Zt0vYw3sLr8Nf2Xk5Jb9Hd6Gc1Pm4U", Purpose.DOWNLOADS)
ACME = Principal(CustomerId(1), "cust_01K8DC3ZAH6R55GTPFTWSR2EHF", "5f0c3a52d1f64b5a9d0c5c3a1f0e7b11", NOW)
OWN = {"file": "invoices.csv", "query": "", "locale": "en_US", "session": ACME.jti}


def link(**changed: object) -> str:
    claims = Claims("cust_1", "jti_1", NOW, NOW + timedelta(seconds=60), own={**OWN, **changed})
    return sign(DOWNLOAD, {KEY_ID: KEY}, claims)


@pytest.mark.parametrize("kind", FileKind)
def test_a_link_says_whose_file_it_is_from_which_session_and_how_to_write_it(kind):
    token = sign_download(KEY, ACME, kind, "paid > 100", "de_DE", NOW)
    assert verify_download(KEY, token, NOW) == Download(ACME.customer_public_id, ACME.jti, kind, "paid > 100", "de_DE")


def test_links_made_before_an_upgrade_open_after_it_for_their_words_never_change():
    token = sign_download_of_operator(KEY, ACME.customer_public_id, "0123456789abcdef", "inv_1", "en_US", NOW)
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    assert header == {"alg": "HS256", "kid": "d1", "typ": "download+jwt"}
    assert (claims["iss"], claims["aud"], claims["file"]) == ("customer-portal", "download", "invoice.pdf")
    assert claims["session"] == "key:0123456789abcdef"
    assert [str(kind) for kind in FileKind] == [
        "invoice.pdf",
        "invoices.csv",
        "transactions.csv",
        "usage-breakdown.csv",
        "usage-series.csv",
    ]


def test_a_link_from_a_session_names_no_api_key():
    assert (
        verify_download(KEY, sign_download(KEY, ACME, FileKind.USAGE_SERIES_CSV, "", "", NOW), NOW).api_key_id is None
    )


def test_a_link_of_the_operators_program_names_its_api_key():
    token = sign_download_of_operator(KEY, ACME.customer_public_id, "0123456789abcdef", "inv_1", "en_US", NOW)
    download = verify_download(KEY, token, NOW)
    assert (download.customer_public_id, download.kind, download.subject, download.locale) == (
        ACME.customer_public_id,
        FileKind.INVOICE_PDF,
        "inv_1",
        "en_US",
    )
    assert download.api_key_id == "0123456789abcdef"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=MAX_CHARACTERS))
def test_every_search_fits_into_a_link(text):
    token = sign_download(KEY, ACME, FileKind.INVOICES_CSV, text, "zh_Hant_TW", NOW)
    assert verify_download(KEY, token, NOW).subject == text


@pytest.mark.parametrize("text", ["\N{PILE OF POO}" * MAX_CHARACTERS, "\x01" * MAX_CHARACTERS])
def test_the_search_that_takes_the_most_room_fits_into_a_link(text):
    token = sign_download(KEY, ACME, FileKind.INVOICES_CSV, text, "zh_Hant_TW", NOW)
    assert verify_download(KEY, token, NOW).subject == text


def test_a_link_lives_a_minute_from_the_second_it_was_made_in():
    token = sign_download(KEY, ACME, FileKind.INVOICE_PDF, "inv_1", "en_US", NOW + timedelta(milliseconds=700))
    assert verify_download(KEY, token, NOW + timedelta(seconds=59.9)).subject == "inv_1"
    with pytest.raises(TokenRejected) as rejected:
        verify_download(KEY, token, NOW + timedelta(seconds=60))
    assert rejected.value.expired


def test_no_two_links_are_the_same():
    made = {sign_download(KEY, ACME, FileKind.INVOICE_PDF, "inv_1", "en_US", NOW) for _ in range(100)}
    assert len(made) == 100


@pytest.mark.threat("T3")
@pytest.mark.parametrize(
    "token",
    [
        link(file="ledger.csv"),
        link(file=""),
        link(query="\ud800"),
        link(query="\0"),
        link(query=1),
        link(extra="claim"),
        corpus.good_token(),
        "",
    ],
)
def test_a_link_that_is_not_exactly_ours_is_rejected(token):
    with pytest.raises(TokenRejected):
        verify_download(KEY, token, NOW)


@pytest.mark.threat("T3")
@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.DOWNLOADS])
def test_a_link_signed_with_the_key_of_another_purpose_is_rejected(purpose):
    key = derive_key("q7Zt0vYw3sLr8Nf2Xk5Jb9Hd6Gc1Pm4U", purpose)
    with pytest.raises(TokenRejected):
        verify_download(KEY, sign_download(key, ACME, FileKind.INVOICE_PDF, "inv_1", "en_US", NOW), NOW)
