"""Which texts are origins, and which of them may frame the portal."""

import pytest

from portal_app.origins import embed_problem, is_origin


@pytest.mark.threat("T26", "T27")
@pytest.mark.parametrize(
    "text",
    [
        "", "*", "null", "'self'", "https:", "https://", "https://*", "https://*.a.example", "a.example", "//a.example",
        "ftp://a.example", "javascript:alert(1)", "data:text/html,x", "https://a.example/", "https://a.example/b",
        "https://a.example?", "https://a.example#", "https://a.example?q", "https://u@a.example", "https://u:p@a.example",
        "HTTPS://a.example", "https://A.example", "https://a.example:", "https://a.example:x", "https://a.example:99999",
        "https://a.example:443 https://b.example", "https://a.example,https://b.example", "https://a.example;", " https://a.example",
        "https://a.example\\@b.example", "https://ä.example", "https://a.example\n", "https://a.example\t", "https://a%2eexample",
        "https://a.example:443", "http://a.example:80", "https://a..example", "https://.", "https://-a.example",
        "https://a.example:0443", "https://[::1", "https://[x]", "https://" + "a." * 130 + "example",
    ],
)  # fmt: skip
def test_what_is_no_exact_origin(text):
    assert not is_origin(text)


@pytest.mark.parametrize("text", ["https://a.example", "http://localhost:3000", "http://127.0.0.1", "https://[::1]:8"])
def test_what_is_an_exact_origin(text):
    assert is_origin(text)


@pytest.mark.threat("T27")
@pytest.mark.parametrize(
    "text", ["*", "https://*", "https://*.a.example", "http://a.example", "null", "'self'", "https:"]
)
def test_nobody_else_and_nobody_over_http_may_be_let_in(text):
    assert embed_problem(text, in_production=True)
    assert embed_problem(text, in_production=False)


@pytest.mark.parametrize(
    "text", ["http://localhost:5000", "http://app.localhost", "http://127.0.0.1:8080", "http://[::1]:3000"]
)
def test_pages_of_this_machine_may_be_let_in_over_http_in_development_alone(text):
    assert embed_problem(text, in_production=True)
    assert not embed_problem(text, in_production=False)


@pytest.mark.parametrize(
    "text", ["http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://xlocalhost"]
)
def test_what_only_looks_like_this_machine_may_not(text):
    assert embed_problem(text, in_production=False)
