"""What the script that hosts load asks for, when, and whom it tells what."""

from __future__ import annotations

import gzip

import pytest
from embed_script import codes, run

from portal_app.build import ROOT


def test_the_script_is_small():
    assert len(gzip.compress((ROOT / "assets/embed.js").read_bytes())) <= 4096


def test_a_link_opens_with_its_token_behind_the_hash():
    ran = run("mount({ tab: 'credits', theme: 'dark' }); await after(2);")
    assert ran["src"].startswith("https://billing.example/credits?theme=dark&")
    assert ran["src"].endswith("#token=a1.b.c")


def test_however_often_an_end_comes_near_the_host_is_asked_once_in_ten_seconds():
    ran = run("""
      mount(); await after(20);
      for (let i = 0; i < 30; i += 1) { expiring(); await after(1); }
    """)
    assert 4 <= ran["asked"] <= 5


@pytest.mark.parametrize("given", ["", "link('b')", "{ url: link('b'), token: 'b.b.c' }"])
def test_where_the_first_asking_failed_a_session_opens_the_frame(given):
    ran = run(f"""
      answer = () => {{ throw new Error("503"); }}; mount(); await after(1);
      answer = () => link("b"); await portal.renew({given});
    """)
    assert ran["src"].endswith("#token=b.b.c")
    assert codes(ran) == ["session-unavailable"]


def test_a_host_that_does_not_answer_is_asked_again_after_ever_longer_pauses_but_not_for_ever():
    ran = run("""
      answer = () => { throw new Error("503"); };
      mount(); const at = [];
      for (let i = 0, was = 0; i < 3600; i += 1, was = asked) { await after(1); if (asked > was) at.push(i); }
      return at;
    """)
    assert ran["told"] == [0, 9, 29, 69, 149, 309]
    assert codes(ran) == ["session-unavailable"] * 6


def test_a_renewal_that_failed_is_tried_again_and_the_end_is_a_reason_to_try_at_once():
    ran = run("""
      mount(); await after(60);
      answer = () => { throw new Error("503"); };
      expiring(); await after(25); const tried = asked; await after(20);
      answer = () => link("b"); expired(); await after(0);
      const told = [tried, renewed()]; await after(3600); told.push(asked); return told;
    """)
    assert ran["told"] == [3, ["b.b.c"], 5]
    assert codes(ran) == ["renewal-failed"] * 3


@pytest.mark.parametrize(
    "stop", ["portal.renew(link('b'))", "hear({ type: 'session-expired', reason: 'revoked' })", "portal.remove()"]
)
def test_nobody_is_asked_again_once_there_is_nothing_to_ask_for(stop):
    ran = run(f"""
      mount(); await after(60);
      answer = () => {{ throw new Error("503"); }};
      expiring(); await after(1); {stop}; await after(3600);
    """)
    assert ran["asked"] == 2


def test_a_host_that_cancels_the_error_is_not_asked_again():
    ran = run("""
      answer = () => { throw new Error("503"); };
      mount(); portal.addEventListener("error", (event) => event.preventDefault()); await after(3600);
    """)
    assert ran["asked"] == 1


def test_an_element_without_anybody_to_ask_says_so_once():
    ran = run("mount({ getSession: undefined }); await after(3600);")
    assert codes(ran) == ["session-unavailable"]


SLOW = "let tell; answer = () => new Promise((resolve) => (tell = resolve));"


def test_a_session_of_another_account_goes_at_once_and_a_late_answer_of_the_former_is_dropped():
    ran = run(f"""
      mount(); await after(60); {SLOW} expiring(); await after(0);
      portal.renew(link("other")); await after(1); tell(link("former")); await after(1);
    """)
    assert ran["renewed"] == ["other.b.c"]


def test_after_a_session_of_another_account_the_host_is_asked_anew_though_it_still_owes_an_answer():
    ran = run(f"""
      mount(); await after(60); {SLOW} expiring(); await after(0); const former = tell;
      portal.renew(link("other")); await after(20); expiring(); await after(1);
      tell(link("next")); await after(1); former(link("former")); await after(1);
    """)
    assert ran["renewed"] == ["other.b.c", "next.b.c"]


def test_askings_at_the_same_time_are_one():
    ran = run(f"""
      mount(); await after(60); {SLOW} portal.renew(); portal.renew(); await after(1); tell(link("b")); await after(1);
    """)
    assert (ran["asked"], ran["renewed"]) == (2, ["b.b.c"])


def test_a_session_given_while_the_frame_still_loads_is_presented_when_it_has():
    ran = run("mount(); await after(0); portal.renew(link('b')); await after(2); await after(0);")
    assert ran["renewed"][-1] == "b.b.c"
    assert [word["type"] for word, _ in ran["said"]][-2:] == ["hello", "renew"]


def test_an_answer_for_an_element_that_was_taken_away_or_moved_opens_nothing_twice():
    ran = run(f"""
      {SLOW} mount(); await after(0); const former = tell; portal.remove(); body.append(portal); await after(0);
      former(link("former")); await after(0); const early = portal.children.length;
      tell(link("b")); await after(5); return [early, portal.children.length];
    """)
    assert ran["told"] == [0, 1]
    assert ran["src"].endswith("#token=b.b.c")


def test_an_element_that_is_in_no_page_opens_none():
    ran = run("mount(); await after(1); portal.remove(); await portal.renew(link('b')); return portal.children.length;")
    assert ran["told"] == 0
    assert codes(ran) == ["session-unavailable"]


def test_a_page_that_comes_back_without_its_token_gets_a_fresh_session_and_its_looks_where_it_was():
    """Its own script reloads it after a deployment."""
    ran = run("""
      mount({ tab: "usage", range: "7d", theme: "dark", hideHeader: true }); await after(60);
      hear({ type: "navigated", tab: "invoices", path: "/invoices?q=paid&range=1d" });
      expired("missing"); hear({ type: "resized", height: 300 }); await after(2);
    """)
    assert ran["src"] == (
        "https://billing.example/invoices?q=paid&range=1d&theme=dark&header=0&host=https%3A%2F%2Fapp.example#token=a2.b.c"
    )
    assert ran["renewed"] == []


def test_where_nobody_can_be_asked_the_page_that_came_back_gets_the_newest_session_that_was_given():
    ran = run("""
      mount({ src: link("s"), getSession: undefined }); await after(60);
      frame().src = ""; expired("missing"); await after(1); const first = frame().src;
      await portal.renew(link("t")); await after(60); expired("missing"); await after(1);
      expired("expired"); await after(60); return first;
    """)
    assert ran["told"].endswith("/?host=https%3A%2F%2Fapp.example#token=s.b.c")
    assert ran["src"].endswith("/?host=https%3A%2F%2Fapp.example#token=t.b.c")
    assert (ran["asked"], codes(ran)) == (0, [])


def test_an_address_that_is_none_of_the_portals_gets_no_token():
    ran = run("""
      mount(); await after(60);
      for (const path of ["@evil.example/", "//evil.example/", 5, null]) hear({ type: "navigated", tab: "x", path });
      expired("missing"); await after(1);
    """)
    assert ran["src"].startswith("https://billing.example//evil.example/?")


@pytest.mark.parametrize("options", ["", "{ src: link('s'), getSession: undefined }"])
def test_a_page_that_always_comes_back_without_its_token_is_no_reason_to_try_without_end(options):
    ran = run(f"""
      mount({options}); await after(60); const was = frame(); let times = 0;
      Object.defineProperty(was, "src", {{ set: () => (times += 1) }});
      for (let i = 0; i < 300; i += 1) {{ expired("missing"); await after(1); }}
      return times;
    """)
    assert 30 <= ran["told"] <= 31


@pytest.mark.parametrize("reason", ["revoked", "invalid"])
def test_a_session_that_was_ended_is_not_renewed(reason):
    ran = run(f"mount(); await after(60); expired('{reason}'); await after(60);")
    assert (ran["asked"], ran["renewed"]) == (1, [])


def test_what_a_page_gave_before_the_script_was_there_is_asked():
    ran = run("upgrade({ getSession }); await after(2); return [portal.getSession === getSession];")
    assert (ran["asked"], ran["told"], codes(ran)) == (1, [True], [])
    assert ran["src"].endswith("#token=a1.b.c")


def test_whom_to_ask_may_be_said_later_and_is_asked_if_nothing_is_open():
    ran = run("""
      upgrade({}); await after(1); portal.getSession = getSession; await after(2);
      portal.getSession = () => link("other"); await after(60); const before = asked;
      await portal.renew(); return before;
    """)
    assert codes(ran) == ["session-unavailable"]
    assert (ran["told"], ran["renewed"]) == (1, ["other.b.c"])


def test_a_link_that_the_host_sets_later_goes_on_with_it_or_opens_it():
    ran = run("mount({ src: link('s') }); await after(2); portal.setAttribute('src', link('t')); await after(1);")
    assert ran["renewed"] == ["t.b.c"]
    ran = run(
        "mount({ getSession: undefined }); await after(2); portal.setAttribute('src', link('t')); await after(1);"
    )
    assert ran["src"].endswith("#token=t.b.c")


def test_an_endpoint_that_is_said_later_is_asked_if_nothing_is_open():
    ran = run("""
      answer = () => ({ ok: true, json: () => ({ url: link("e"), token: "e.b.c" }) });
      mount({ getSession: null }); await after(2);
      portal.setAttribute("token-endpoint", "/session"); await after(1);
    """)
    assert ran["src"].endswith("#token=e.b.c")
    assert ran["asked"] == 1


def test_looks_that_the_host_changes_are_loaded_together_and_keep_session_and_place():
    ran = run("""
      mount({ theme: "dark", tab: "credits" }); await after(2); let times = 0;
      await portal.renew(link("newest"));
      hear({ type: "navigated", tab: "invoices", path: "/invoices?q=paid&theme=dark" });
      portal.setAttribute("theme", "light"); portal.setAttribute("locale", "de");
      portal.setAttribute("hide-header", "");
      await after(2); const looks = frame().src;
      portal.removeAttribute("hide-header"); portal.removeAttribute("locale");
      portal.setAttribute("tab", "usage"); await after(2); return looks;
    """)
    host = "&host=https%3A%2F%2Fapp.example#token=newest.b.c"
    assert ran["told"] == f"https://billing.example/invoices?q=paid&theme=light&locale=de&header=0{host}"
    assert ran["src"] == f"https://billing.example/usage?theme=light{host}"
    assert ran["asked"] == 1


def test_a_host_that_sets_the_same_anew_whenever_it_hears_something_starts_no_circle():
    """As frameworks do whose functions are made anew each time that they draw."""
    again = "portal.addEventListener('{}', () => (portal.getSession = () => getSession()));"
    ready = '{ type: "ready", tab: "usage", path: "/usage", expires_at: "" }'
    ran = run(f"mount(); {again.format('ready')} await after(2); hear({ready}); await after(60);")
    assert (ran["asked"], len(ran["said"])) == (1, 1)
    failing = "answer = () => { throw new Error('503'); };"
    ran = run(f"{failing} mount(); {again.format('error')} await after(60);")
    assert ran["asked"] == 3


@pytest.mark.parametrize("say", ["portal.getSession = getSession", "portal.setAttribute('token-endpoint', '/session')"])
def test_whom_to_ask_may_be_said_right_after_the_element_came(say):
    ran = run(f"""
      answer = () => Object.assign(new String(link("e")), {{ ok: true, json: () => link("e"), url: link("e") }});
      mount({{ getSession: undefined }}); {say}; await after(2);
    """)
    assert ran["src"].endswith("#token=e.b.c")
    assert (ran["asked"], codes(ran)) == (1, [])


def test_an_element_that_its_host_takes_away_while_it_is_asked_opens_when_it_is_put_back():
    ran = run("""
      answer = () => { portal.remove(); answer = () => link("b"); return link("former"); };
      mount(); await after(1); body.append(portal); await after(2);
    """)
    assert ran["src"].endswith("#token=b.b.c")


def test_a_host_that_renews_by_itself_while_it_is_asked_is_asked_again_later():
    ran = run("""
      mount(); await after(60);
      answer = () => { answer = () => link("later"); portal.renew(link("b")); return link("dropped"); };
      expiring(); await after(60); expiring(); await after(1);
    """)
    assert ran["renewed"] == ["b.b.c", "later.b.c"]


def test_a_tab_that_the_host_sets_to_where_the_reader_went_loads_nothing():
    ran = run("""
      mount({ tab: "overview" }); await after(60); const was = frame().src;
      portal.addEventListener("navigated", ({ detail }) => portal.setAttribute("tab", detail.tab));
      hear({ type: "navigated", tab: "invoices", path: "/invoices?q=paid" }); await after(2);
      return frame().src === was;
    """)
    assert ran["told"] is True


def test_looks_that_change_while_the_host_is_asked_do_not_lose_its_answer():
    ran = run(f"""
      mount(); await after(60); {SLOW} expiring(); await after(0);
      portal.setAttribute("theme", "dark"); const looks = frame().src;
      tell(link("b")); await after(2); return looks;
    """)
    assert ran["told"].endswith("/?theme=dark&host=https%3A%2F%2Fapp.example#token=a1.b.c")
    assert (ran["asked"], ran["renewed"][-1]) == (2, "b.b.c")


def test_an_element_with_a_link_alone_that_is_moved_presents_the_newest_that_it_was_given():
    ran = run("""
      mount({ src: link("s"), getSession: undefined }); await after(2); await portal.renew(link("t"));
      portal.remove(); body.append(portal); await after(2); const moved = frame().src;
      portal.remove(); portal.setAttribute("src", link("u")); body.append(portal); await after(2); return moved;
    """)
    assert ran["told"].endswith("#token=t.b.c")
    assert ran["src"].endswith("#token=u.b.c")


@pytest.mark.parametrize("token", ["'t.b.c'", "{ token: 't.b.c' }"])
@pytest.mark.parametrize("options", ["{ src: link('s') }", "{ src: link('s'), getSession: undefined }"])
def test_an_element_that_is_moved_after_it_was_given_a_token_alone_opens_with_it(token, options):
    ran = run(f"""
      mount({options}); await after(2); await portal.renew({token});
      hear({{ type: "navigated", tab: "usage", path: "/usage?range=7d" }});
      portal.remove(); body.append(portal); await after(2);
    """)
    assert ran["src"] == "https://billing.example/usage?range=7d&host=https%3A%2F%2Fapp.example#token=t.b.c"
    assert codes(ran) == []


def test_an_element_that_is_moved_and_has_nobody_to_ask_opens_with_what_it_was_given():
    ran = run("""
      mount({ getSession: undefined }); await portal.renew(link("b")); await after(2);
      portal.remove(); body.append(portal); await after(2);
    """)
    assert ran["src"].endswith("#token=b.b.c")
    assert codes(ran) == []


def test_a_frame_whose_page_says_nothing_is_loaded_again_after_ever_longer_pauses_but_not_for_ever():
    """As where the server was away: its frame shows an error of the browser's, which hears nothing."""
    ran = run("""
      silent = true; mount(); const at = [];
      for (let i = 0, was = 0; i < 3600; i += 1, was = asked) { await after(1); if (asked > was) at.push(i); }
      return [at, frame().src];
    """)
    (at, src) = ran["told"]
    assert src.endswith("#token=a6.b.c")
    assert codes(ran) == ["unavailable"] * 6
    assert at == [0, 20, 51, 102, 193, 364]


def test_a_session_for_a_frame_whose_page_said_nothing_loads_it():
    ran = run("""
      silent = true; mount(); await after(15);
      silent = false; await portal.renew(link("b")); portal.setAttribute("theme", "dark"); await after(60);
    """)
    assert codes(ran) == ["unavailable"]
    assert ran["src"].endswith("#token=b.b.c")
    assert ran["renewed"] == []


@pytest.mark.parametrize("options", ["", "{ src: link('s'), getSession: undefined }"])
def test_a_frame_whose_page_is_ready_late_is_not_opened_again(options):
    """As where the device slept meanwhile."""
    ran = run(f"""
      silent = true; mount({options}); await after(15); const was = frame().src, before = asked;
      hear({{ type: "ready", tab: "overview", path: "/", expires_at: "" }}); await after(60);
      return [frame().src === was, asked - before];
    """)
    assert ran["told"] == [True, 0]
    assert codes(ran) == ["unavailable"]
