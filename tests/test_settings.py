"""The environment: what production refuses, what development makes for itself."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal_app import cli
from portal_app import database as database_module
from portal_app.build import ROOT
from portal_app.database import Database
from portal_app.errors import ConfigurationRefused
from portal_app.migrations import downgrade, migrate
from portal_app.secrets_file import SECRETS_FILE, development_secret
from portal_app.settings import Settings, get_settings, read_settings

SECRET = "r5Vq2Ls9Xw0Kb7Jd4Hf1Gz8Nc3Mp6TyA"
SESSION_KEYS = "k2:8n0n6mLrYk1wq3s5u7x9zBDFHJLNPRTVXZbdfhjlnpQ=,k1:3c1m7pQrZt9vXb2nMk5Lj8Hg4Fd6Sa0PoIuYtReWqEE="
SOUND = {
    "PORTAL_ENV": "production",
    "PORTAL_PUBLIC_URL": "https://billing.northwind.example",
    "PORTAL_SECRET_KEY": SECRET,
    "PORTAL_SESSION_KEYS": SESSION_KEYS,
    "PORTAL_OPERATOR_NAME": "Northwind",
    "PORTAL_OPERATOR_SUPPORT_EMAIL": "billing@northwind.example",
    "PORTAL_EMBED_ORIGINS": "https://app.northwind.example",
}

REFUSED = {
    "no secret": {"PORTAL_SECRET_KEY": ""},
    "a short secret": {"PORTAL_SECRET_KEY": "k3Jx9Qz7Lm5Rw1Vt8Bn6Yp4Hs2"},
    "a default secret": {"PORTAL_SECRET_KEY": "changeme-Kx7Lq9Wz3Rv5Tn1Yb8Mj4Hg6"},
    "one letter as secret": {"PORTAL_SECRET_KEY": "a" * 64},
    "digits in a row as secret": {"PORTAL_SECRET_KEY": "12345678901234567890123456789012"},
    "an alphabet as secret": {"PORTAL_SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789"},
    "a repeated word as secret": {"PORTAL_SECRET_KEY": "Tr0ub4dor&3" * 4},
    "no session keys": {"PORTAL_SESSION_KEYS": ""},
    "session keys without kid": {"PORTAL_SESSION_KEYS": "8n0n6mLrYk1wq3s5u7x9zBDFHJLNPRTVXZbdfhjlnpQ="},
    "a session key that is no base64": {"PORTAL_SESSION_KEYS": "k1:8n0n6mLrYk1w-q3s5u7x9zBDFHJ!"},
    "a short session key": {"PORTAL_SESSION_KEYS": "k1:OG4wbjZtTHJZazF3cTNzNXU3eDk="},
    "a session key of zeros": {"PORTAL_SESSION_KEYS": "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    "a second session key that is weak": {"PORTAL_SESSION_KEYS": f"{SESSION_KEYS},k0:AAAA"},
    "a kid twice": {"PORTAL_SESSION_KEYS": f"{SESSION_KEYS},{SESSION_KEYS}"},
    "a kid with a path": {"PORTAL_SESSION_KEYS": "../k:8n0n6mLrYk1wq3s5u7x9zBDFHJLNPRTVXZbdfhjlnpQ="},
    "no public address": {"PORTAL_PUBLIC_URL": ""},
    "a public address over http": {"PORTAL_PUBLIC_URL": "http://billing.northwind.example"},
    "a public address with a path": {"PORTAL_PUBLIC_URL": "https://northwind.example/billing"},
    "a public address with a password": {"PORTAL_PUBLIC_URL": "https://admin:Zq8hunter2@northwind.example"},
    "every origin": {"PORTAL_EMBED_ORIGINS": "*"},
    "every origin of a domain": {"PORTAL_EMBED_ORIGINS": "https://*.northwind.example"},
    "an origin over http": {"PORTAL_EMBED_ORIGINS": "http://app.northwind.example"},
    "an origin with a path": {"PORTAL_EMBED_ORIGINS": "https://app.northwind.example/"},
    "an origin that is a policy": {"PORTAL_EMBED_ORIGINS": "https://app.northwind.example;script-src"},
    "nobody's name": {"PORTAL_OPERATOR_NAME": None},
    "an empty name": {"PORTAL_OPERATOR_NAME": " "},
    "a way back over http": {"PORTAL_OPERATOR_RETURN_URL": "http://northwind.example"},
    "a way back that is a script": {"PORTAL_OPERATOR_RETURN_URL": "javascript:alert(1)"},
    "a locale nobody speaks": {"PORTAL_OPERATOR_LOCALE": "xx_YY"},
    "a logo that is not there": {"PORTAL_OPERATOR_LOGO": "/nowhere/logo.png"},
    "a logo that is no image": {"PORTAL_OPERATOR_LOGO": "/dev/null"},
    "Redis without a password": {"REFLEX_REDIS_URL": "redis://redis.internal:6379"},
    "an unknown database": {"PORTAL_DATABASE_URL": "mysql://root:Zq8hunter2@db/portal"},
    "a key in a cycle": {"PORTAL_SECRET_KEY": "q7Zt0vYw3sLr8Nf2" * 3},
    "a database everyone may read": {"PORTAL_DATABASE_URL": "sqlite:///readable.db"},
    "a port beyond all ports": {"PORTAL_PORT": "70000"},
    "a session longer than an hour": {"PORTAL_SESSION_TTL_SECONDS": "86400"},
    "an unknown surface": {"PORTAL_SURFACES": "portal,backdoor"},
    "no pages at all": {"PORTAL_SURFACES": ""},
    "everybody as proxy": {"PORTAL_TRUSTED_PROXIES": "10.0.0.0/8,0.0.0.0/0"},
    "an unknown environment": {"PORTAL_ENV": "prod"},
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A folder of its own to work in, nothing of the portal in the environment, and no database open yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(database_module, "_current", None)
    for name in [name for name in os.environ if name.startswith(("PORTAL_", "REFLEX_"))]:
        monkeypatch.delenv(name)
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()
    if database_module._current is not None:
        database_module._current.close()


@pytest.fixture
def environment(monkeypatch):
    """Set variables; None takes one away."""

    def put(**variables: str | None) -> None:
        for name, value in variables.items():
            monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)

    return put


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line in this process; return its exit code and what it printed on each stream."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["portal_app", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, *capsys.readouterr()

    return run


def test_sound_settings_are_accepted(environment):
    environment(**SOUND)
    settings = get_settings()
    assert settings.in_production
    assert settings.origin == "https://billing.northwind.example"
    assert list(settings.signing_keys()) == ["k2", "k1"]


@pytest.mark.threat("T5")
@pytest.mark.parametrize("name", REFUSED)
def test_production_refuses(name, environment, command, monkeypatch):
    monkeypatch.setattr("portal_app.serve.serve", pytest.fail)
    Path("readable.db").touch(0o644)
    variables = SOUND | REFUSED[name]
    environment(**variables)
    code, printed, said = command("serve")
    assert code == 1
    assert printed == ""
    culprit = next(iter(REFUSED[name]))
    assert [line.split()[0].strip(":") for line in said.splitlines()] == ["error", culprit]
    secrets = {variables["PORTAL_SECRET_KEY"], *variables["PORTAL_SESSION_KEYS"].replace(",", ":").split(":")}
    assert not [secret for secret in (*secrets, "Zq8hunter2") if len(secret) > 4 and secret in said]


@pytest.mark.threat("T5")
def test_everything_that_is_refused_is_named_at_once(environment):
    environment(PORTAL_ENV="production", PORTAL_PORT="many", PORTAL_EMBED_ORIGINS="*", PORTAL_SECRET_KEY="short")
    with pytest.raises(ConfigurationRefused) as refused:
        get_settings()
    named = {line.split()[0].strip(":") for line in str(refused.value).splitlines()[1:]}
    assert named == {
        "PORTAL_PORT", "PORTAL_EMBED_ORIGINS", "PORTAL_SECRET_KEY", "PORTAL_SESSION_KEYS", "PORTAL_PUBLIC_URL",
        "PORTAL_OPERATOR_NAME",
    }  # fmt: skip


@pytest.mark.threat("T5")
def test_production_refuses_the_secrets_of_development(environment):
    secret_key, session_keys = development_secret("PORTAL_SECRET_KEY"), development_secret("PORTAL_SESSION_KEYS")
    environment(**SOUND | {"PORTAL_SECRET_KEY": secret_key, "PORTAL_SESSION_KEYS": session_keys})
    _, findings = read_settings()
    assert findings == [
        "PORTAL_SECRET_KEY is the one in .portal-secrets",
        "PORTAL_SESSION_KEYS is the one in .portal-secrets",
    ]


def test_production_makes_no_secrets_of_its_own(environment):
    environment(PORTAL_ENV="production")
    with pytest.raises(ConfigurationRefused):
        get_settings()
    assert not SECRETS_FILE.exists()


@pytest.mark.threat("T43")
@pytest.mark.parametrize(
    "url", ["redis://redis:6379", "redis://user@redis", "rediss://redis", "unix:///run/redis.sock"]
)
def test_a_redis_that_everybody_may_write_to_is_refused(environment, url):
    environment(**SOUND | {"REFLEX_REDIS_URL": url})
    assert read_settings()[1] == ["REFLEX_REDIS_URL has no password: whoever writes to Redis runs code here"]
    environment(REFLEX_REDIS_URL="redis://:a-password@redis:6379")
    assert read_settings()[1] == []


def test_a_database_file_is_made_for_its_owner_alone(environment):
    database = Database("sqlite:///new.db")
    migrate(database.engine)
    database.close()
    assert oct(Path("new.db").stat().st_mode & 0o777) == "0o600"
    environment(**SOUND | {"PORTAL_DATABASE_URL": "sqlite:///new.db"})
    assert get_settings().database_url == "sqlite:///new.db"


@pytest.mark.parametrize("words", ["doctor", "key list", "session acme", "key revoke 0123"])
def test_every_command_but_serve_is_development_unless_told_otherwise(words):
    ended = run_process(*words.split(), variables={})
    assert ended.returncode == 1  # there is no database yet
    assert "refusing to start" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_serve_is_production_unless_told_otherwise():
    ended = run_process("serve", variables={})
    assert ended.returncode == 1
    assert "PORTAL_SECRET_KEY is missing" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not SECRETS_FILE.exists()


def test_serve_says_in_development_what_is_malformed_too():
    ended = run_process("serve", variables={"PORTAL_ENV": "development", "PORTAL_PORT": "http"})
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[1].startswith("PORTAL_PORT ")


def test_development_keeps_its_secrets_for_their_owner_alone(environment):
    first = get_settings()
    assert not first.in_production
    assert oct(SECRETS_FILE.stat().st_mode & 0o777) == "0o600"
    get_settings.cache_clear()
    assert get_settings() == first
    assert list(Path().iterdir()) == [SECRETS_FILE]


def test_development_takes_the_secrets_that_are_given(environment):
    environment(PORTAL_SECRET_KEY=SECRET, PORTAL_SESSION_KEYS=SESSION_KEYS)
    assert get_settings().secret_key.get_secret_value() == SECRET
    assert list(get_settings().signing_keys()) == ["k2", "k1"]
    assert not SECRETS_FILE.exists()


def test_processes_that_start_together_share_one_set_of_secrets():
    code = "from portal_app.settings import get_settings as g; print(g().session_keys.get_secret_value())"
    with ThreadPoolExecutor(8) as pool:
        printed = list(pool.map(lambda _: run_python("-c", code).stdout, range(8)))
    assert len(set(printed)) == 1
    assert printed[0].startswith("dev1:")
    assert list(Path().iterdir()) == [SECRETS_FILE]


def test_threads_that_start_together_share_one_set_of_secrets():
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: development_secret("PORTAL_SECRET_KEY"), range(64)))
    assert len(made) == 1


def test_a_broken_secrets_file_is_named(command):
    SECRETS_FILE.write_text("PORTAL_SECRET_KEY=\n")
    code, _, said = command("session", "acme")
    assert code == 1
    assert "PORTAL_SESSION_KEYS is not in .portal-secrets: delete the file" in said


def test_no_setting_shows_its_secret_when_printed(environment):
    environment(**SOUND)
    assert SECRET not in repr(get_settings()) + str(get_settings()) + get_settings().model_dump_json()
    assert SESSION_KEYS[3:20] not in repr(get_settings()) + str(get_settings()) + get_settings().model_dump_json()


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("", "http://localhost:4000"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://billing.example.com/", "https://billing.example.com"),
        ("https://xn--bcher-kva.example:8443", "https://xn--bcher-kva.example:8443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_the_public_address_is_where_links_begin(environment, url, origin):
    environment(PORTAL_PUBLIC_URL=url, PORTAL_PORT="4000")
    assert get_settings().origin == origin


def test_words_are_separated_by_commas_or_spaces(environment):
    environment(PORTAL_EMBED_ORIGINS="https://a.example, https://b.example  https://c.example,")
    assert get_settings().embed_origins == ("https://a.example", "https://b.example", "https://c.example")


def test_a_setting_that_is_refused_is_told_in_one_plain_sentence(environment):
    environment(PORTAL_PORT="many", PORTAL_ENV="prod", PORTAL_SESSION_TTL_SECONDS="5", PORTAL_API_DOCS="perhaps")
    told = read_settings()[1]
    assert told[:4] == [
        "PORTAL_ENV must be 'development' or 'production'",
        "PORTAL_PORT must be a whole number",
        "PORTAL_SESSION_TTL_SECONDS must be greater than or equal to 60",
        "PORTAL_API_DOCS must be true or false",
    ]


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_doctor_lists_everything_at_once(environment, command):
    environment(**SOUND | {"PORTAL_OPERATOR_SUPPORT_EMAIL": None, "PORTAL_PORT": "0", "PORTAL_SECRET_KEY": "short"})
    code, printed, said = command("doctor")
    assert code == 1
    assert [line.split()[0].strip(":") for line in printed.splitlines()] == [
        "PORTAL_PORT", "PORTAL_SECRET_KEY", "PORTAL_OPERATOR_SUPPORT_EMAIL", "PORTAL_DATABASE_URL",
    ]  # fmt: skip
    assert "judged as production" in said
    assert "short" not in printed.replace("shorter", "")


def test_doctor_sees_a_logo_that_is_no_image(environment, command):
    Path("logo.png").write_text("<svg/>")
    environment(PORTAL_OPERATOR_LOGO="logo.png")
    assert "PORTAL_OPERATOR_LOGO names no image that can be read" in command("doctor")[1]


def test_doctor_has_nothing_to_object_to_in_a_sound_deployment(environment, command):
    migrate((database := Database("sqlite:///portal.db")).engine)
    database.close()
    environment(**SOUND)
    code, printed, said = command("doctor")
    assert (code, printed) == (0, "")
    assert "nothing to object to" in said


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_database_without_tables_is_told_in_one_line_with_what_to_do(engine, environment, command, request):
    if engine == "postgresql":
        environment(PORTAL_DATABASE_URL=request.getfixturevalue("postgres").new_database(template=None))
    code, printed, said = command("session", "acme")
    assert (code, printed) == (1, "")
    assert len(said.splitlines()) == 1
    assert "(has `migrate` been run?)" in said


def test_doctor_sees_a_database_of_an_earlier_version(environment, command):
    migrate((database := Database("sqlite:///portal.db")).engine)
    downgrade(database.engine, "-1")
    database.close()
    environment(**SOUND)
    code, printed, _ = command("doctor")
    assert (code, printed) == (1, "PORTAL_DATABASE_URL: the database has tables of another version; run `migrate`\n")


def test_what_production_alone_wants_is_a_warning_in_development(environment, command):
    migrate((database := Database("sqlite:///portal.db")).engine)
    database.close()
    environment(PORTAL_ENV="development")
    code, printed, said = command("doctor")
    assert code == 0
    assert printed.startswith("before production: PORTAL_OPERATOR_SUPPORT_EMAIL is missing")
    assert "judged as development" in said
    environment(**SOUND | {"PORTAL_OPERATOR_SUPPORT_EMAIL": None})
    assert command("doctor")[0] == 1


def run_process(*words: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return run_python("-m", "portal_app", *words, variables=variables)


def run_python(*arguments: str, variables: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | (variables or {})
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
