"""What each control is worth: take it away, and a test must turn red. `make test-long` does so, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

TOKENS = "portal_app/access/tokens.py"
API_KEYS = "portal_app/access/api_keys.py"
GATE = "portal_app/ui/gate.py"
KEPT_APART = "portal_app/ui/kept_apart.py"
HEADERS = "portal_app/web/headers.py"
SETTINGS = "portal_app/settings.py"

CORPUS = "tests/access/test_tokens.py::test_a_forgery_is_rejected_and_not_called_expired"
EVERY_ANSWER = "tests/web/test_headers.py::"
GATE_TESTS = "tests/ui/test_gate.py::"


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Changes (file, text, what stands there instead) that take a control away, and tests that must see it."""

    threats: tuple[str, ...]
    changes: tuple[tuple[str, str, str], ...]
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'-'.join(self.threats)} {self.changes[0][1].strip()[:40]}"


def _one(threats: str, path: str, before: str, after: str, *tests: str) -> Sabotage:
    return Sabotage(tuple(threats.split()), ((path, before, after),), tests)


NOTHING_IS_FORGOTTEN = (KEPT_APART, "if door._connection == connection:", "if False:")
"""As where a server ended before it could: what stands behind must hold alone."""

SABOTAGES = [
    _one(
        "T29",
        "portal_app/web/operator/guarded.py",
        'return request.headers.get("origin", "") in get_settings().own_origins',
        "return True",
        "tests/web/operator/test_signing.py::test_no_form_of_another_page_is_taken",
    ),
    _one(
        "T30",
        "portal_app/commands/operator_sessions.py",
        "    _end(session, col(OperatorSession.token_hash) == replaced, now)\n",
        "",
        "tests/web/operator/test_signing.py::test_signing_in_makes_another_cookie_and_the_one_before_is_dead",
    ),
    Sabotage(
        ("T1",),
        (
            (TOKENS, ' or header["alg"] != "HS256"', ""),
            (TOKENS, 'algorithms=["HS256"], options', 'algorithms=["HS256", "HS384", "HS512"], options'),
        ),
        (CORPUS,),
    ),
    _one("T2", TOKENS, 'header.keys() != {"alg", "typ", "kid"}', 'not header.keys() >= {"alg", "typ", "kid"}', CORPUS),
    _one("T3", TOKENS, ' or header["typ"] != kind.typ', "", CORPUS),
    _one(
        "T4", TOKENS, "if len({name for name, _ in pairs}) != len(pairs):", "if not pairs and not len(pairs):", CORPUS
    ),
    _one("T4", TOKENS, "type(seconds) is int for", "seconds is not None for", CORPUS),
    _one(
        "T5",
        "portal_app/strength.py",
        "    if _is_regular(key) or any(",
        "    if any(",
        "tests/test_settings.py::test_production_refuses",
    ),
    _one(
        "T6",
        TOKENS,
        "LEEWAY_SECONDS = 5",
        "LEEWAY_SECONDS = 600",
        "tests/access/test_tokens.py::test_a_token_lives_until_its_last_second_and_begins_five_seconds_early_for_slow_clocks",
    ),
    _one(
        "T7",
        GATE,
        "        if principal is None:\n            return\n        now = clock",
        "        return\n        now = clock",
        f"{GATE_TESTS}test_when_a_session_is_revoked_the_data_goes_away_by_itself",
    ),
    _one(
        "T7",
        "portal_app/api/downloads.py",
        "await _customer(wanted, now)  # asked again",
        "pass  # asked again",
        "tests/api/test_turns.py::test_a_file_whose_turn_comes_after_its_session_was_revoked_is_refused",
    ),
    _one(
        "T7",
        "portal_app/api/session_token.py",
        "if (clock.utc_now() - self.now).total_seconds() > CONFIRMED_SECONDS:",
        "if False:",
        "tests/api/test_turns.py::test_whoever_waited_too_long_for_a_turn_gets_no_data",
    ),
    _one(
        "T7",
        GATE,
        "if confirmed_at is None or (now",
        "if confirmed_at and (now",
        f"{GATE_TESTS}test_a_session_revoked_while_the_register_does_not_answer_gets_no_data",
    ),
    _one(
        "T7",
        "portal_app/api/downloads.py",
        "    if check.principal is None:\n        raise LinkRejected\n",
        "",
        "tests/api/test_files.py::test_when_its_session_was_revoked_a_link_is_worth_nothing",
    ),
    _one(
        "T8",
        "assets/boot.js",
        'history.replaceState(history.state, "", url);',
        "",
        "tests/web/test_boot_script.py::test_the_token_leaves_the_address_first_and_is_kept_for_the_tab",
    ),
    _one(
        "T8 T26",
        HEADERS,
        'headers["Location"] = within(headers["Location"], self._own)',
        "pass",
        f"{EVERY_ANSWER}test_no_answer_leads_to_another_host",
    ),
    Sabotage(
        ("T9",),
        (NOTHING_IS_FORGOTTEN, (GATE, "if not connection or portal._connection != connection:", "if not connection:")),
        (f"{GATE_TESTS}test_the_client_token_of_a_page_that_was_closed_is_worth_nothing",),
    ),
    _one(
        "T9",
        KEPT_APART,
        "if asked and sockets.sid_to_token.get(asked) == token:",
        "if asked:",
        f"{GATE_TESTS}test_what_an_event_loads_goes_to_the_connection_that_sent_it_and_to_no_other",
    ),
    Sabotage(
        ("T9",),
        (NOTHING_IS_FORGOTTEN, (GATE, " or not isinstance(event.router_data.get(RouteVar.ORIGIN), str)", "")),
        (f"{GATE_TESTS}test_the_address_that_the_owner_was_at_is_not_told_to_the_next",),
    ),
    _one(
        "T10",
        API_KEYS,
        "secrets.token_hex(8)",
        '"0" * 16',
        "tests/access/test_api_keys.py::test_keys_are_random_in_both_halves",
    ),
    _one(
        "T11",
        "portal_app/queries/invoice_details.py",
        "where(*visible(MINE), _NAMED)",
        "where(_NAMED)",
        "tests/api/test_files.py::test_what_belongs_to_another_customer_does_not_exist",
    ),
    _one(
        "T15",
        "portal_app/ui/addresses.py",
        'return _UNWRITABLE.sub("", value) if isinstance(value, str) else ""',
        'return value[:] if value else ""',
        f"{GATE_TESTS}test_arguments_of_the_wrong_kind_are_read_as_empty_texts",
    ),
    _one(
        "T12",
        "portal_app/queries/invoice_details.py",
        "where(*visible(MINE), _NAMED)",
        "where(_NAMED)",
        f"{GATE_TESTS}test_with_a_good_token_no_argument_and_no_address_reaches_another_customer",
    ),
    _one(
        "T14 T17",
        GATE,
        "    async def _admit(self",
        "    @rx.event\n    def grant(self): ...\n\n    async def _admit(self",
        "tests/ui/test_inventory.py::test_every_event_has_a_policy_and_the_gate_keeps_it",
    ),
    _one(
        "T16",
        "portal_app/database.py",
        '"postgresql_readonly": True',
        '"postgresql_readonly": False',
        "tests/test_database.py::test_a_query_cannot_write",
    ),
    _one(
        "T19",
        "portal_app/queries/invoice_conditions.py",
        "icontains(term.fragment, autoescape=True)",
        "icontains(term.fragment)",
        "tests/queries/test_invoices_found.py::test_wildcards_are_only_characters",
    ),
    _one(
        "T20 T27",
        HEADERS,
        "script-src {scripts}; ",
        "script-src {scripts} 'unsafe-inline'; ",
        f"{EVERY_ANSWER}test_the_policy_of_pages_lets_no_code_in_from_elsewhere",
    ),
    _one(
        "T27",
        "portal_app/web/embedding.py",
        """*preview))) or "'none'\"""",
        '*preview))) or "*"',
        "tests/web/test_embedding.py::test_who_may_frame_the_portal_is_what_the_operator_says",
    ),
    _one(
        "T21",
        "portal_app/exports/csv_lines.py",
        "if text.startswith(_FORMULA) else text",
        'if text.startswith("=") else text',
        "tests/exports/test_csv_lines.py::test_texts_come_back_and_none_begins_like_a_formula",
    ),
    _one(
        "T23",
        "portal_app/exports/filenames.py",
        '_UNSAFE.sub("-", filename)',
        "filename",
        "tests/exports/test_filenames.py::test_whatever_a_name_is_the_header_is_one_line_with_one_quoted_name",
    ),
    _one(
        "T24",
        "portal_app/exports/invoice_pdf.py",
        "    sheet.heading()\n",
        '    sheet.heading()\n    open("/etc/hostname").close()\n',
        "tests/exports/test_pdf_sandbox.py::test_drawing_a_pdf_opens_nothing_but_its_fonts",
    ),
    _one(
        "T25",
        "portal_app/queries/branding.py",
        "    return drawn.getvalue()",
        "    return path.read_bytes()",
        "tests/queries/test_branding.py::test_nothing_but_pixels_of_an_image_is_kept",
    ),
    _one(
        "T26 T27",
        "portal_app/origins.py",
        " and rebuilt == text",
        "",
        "tests/test_origins.py::test_what_is_no_exact_origin",
    ),
    _one("T31", HEADERS, 'else "no-store"', 'else "no-cache"', f"{EVERY_ANSWER}test_nothing_is_kept_but_assets"),
    _one(
        "T32",
        HEADERS,
        '    "X-Content-Type-Options": "nosniff",\n',
        "",
        f"{EVERY_ANSWER}test_every_answer_carries_the_headers_of_every_answer",
    ),
    _one(
        "T33",
        API_KEYS,
        "return hmac.compare_digest(secret_hash(key, pepper), stored_hash)",
        "return bool(stored_hash)",
        "tests/api/test_mint_links.py::test_an_unknown_key_and_a_wrong_secret_are_answered_alike",
    ),
    _one(
        "T34",
        API_KEYS,
        "return bool({needed.value, Scope.ADMIN.value} & set(scopes))",
        "return True",
        "tests/access/test_api_keys.py::test_a_scope_allows_itself_alone_and_admin_allows_everything",
    ),
    _one(
        "T35",
        "portal_app/web/redaction.py",
        "logging.setLogRecordFactory(redacted)",
        "pass",
        "tests/web/test_canary_secrets.py::test_no_secret_is_printed_or_stored",
    ),
    _one(
        "T36",
        "portal_app/commands/mint_session.py",
        "    record(session, actor=minted_by",
        "    len(str(session)) or record(session, actor=minted_by",
        "tests/api/test_mint_links.py::test_every_way_to_mint_leaves_one_line_in_the_audit_log_that_says_who",
    ),
    _one(
        "T7",
        "portal_app/ui/endings.py",
        "for jti in set(asked) - live:",
        "for jti in live - set(asked):",
        "tests/ui/test_endings.py::test_everybody_who_waits_for_a_session_is_told_of_its_end",
    ),
    _one(
        "T9 T12",
        GATE,
        "if presented.principal.customer_id == was.customer_id:",
        "if was.customer_id:",
        "tests/ui/test_renewal.py::test_a_token_of_another_customer_wipes_first_and_leads_to_the_start",
    ),
    _one(
        "T22",
        "portal_app/web/logs.py",
        "return json.dumps(line)",
        'return f"{line}" if "error" in line else line["message"]',
        "tests/web/test_logs.py::test_a_record_is_one_line_that_says_what_was_said",
    ),
    _one(
        "T26",
        "portal_app/origins.py",
        'return "" if origin in allowed else',
        'return "" if origin else',
        "tests/commands/test_mint_session.py::test_it_leads_nowhere_else",
    ),
    _one(
        "T28",
        "assets/session.js",
        " || event.origin !== host",
        "",
        "tests/web/test_session_script.py::test_nobody_else_and_nothing_else_is_heard",
    ),
    _one(
        "T33",
        "portal_app/api/app.py",
        "and (wait := await failed_again(request))",
        "and (wait := 0)",
        "tests/api/test_limits.py::test_whoever_fails_is_known_by_the_address_that_the_proxy_saw",
    ),
    _one(
        "T38",
        "portal_app/ui/connections.py",
        "if not await limiter.wait_for(settings.limit_events, connection):",
        "if True:",
        "tests/ui/test_sockets.py::test_of_a_flood_of_events_few_run_and_the_socket_ends",
    ),
    _one(
        "T38",
        "portal_app/ui/connections.py",
        "if others[jti] >= MOST_OF_A_SESSION:",
        "if not others:",
        "tests/ui/test_sockets.py::test_a_session_has_so_many_sockets_and_the_next_is_told_so_until_one_is_closed",
    ),
    _one(
        "T38 T15",
        "portal_app/ui/frames.py",
        "elif not (websocket.has_greeted and isinstance(frame, str) and frame.startswith(self._words)):",
        "elif False:",
        "tests/ui/test_sockets.py::test_whoever_sends_what_no_page_sends_is_closed_at_once",
    ),
    _one(
        "T38",
        "portal_app/ui/frames.py",
        "if websocket.unreadable > MOST_UNREADABLE:",
        "if not websocket:",
        "tests/ui/test_sockets.py::test_whoever_goes_on_sending_what_cannot_be_read_is_closed",
    ),
    _one(
        "T38",
        "portal_app/ui/connections.py",
        "if not isinstance(name, str) or name not in app._registration_context.event_handlers:",
        "if not isinstance(data, dict):",
        "tests/ui/test_sockets.py::test_a_socket_that_names_events_that_are_none_is_closed_and_nothing_is_kept_of_them",
    ),
    _one(
        "T22",
        "portal_app/web/logs.py",
        "        logging.getLogger(name).setLevel(logging.ERROR)\n",
        "        pass\n",
        "tests/web/test_logs.py::test_in_production_no_library_writes_beside_it",
    ),
    _one(
        "T40",
        "portal_app/ui/gate.py",
        "async with TURNS.of(customer):",
        "async with TURNS.of(object()):",
        "tests/ui/test_sockets.py::test_what_one_customer_asks_of_the_database_through_its_pages_keeps_no_other_waiting",
    ),
    _one(
        "T40",
        "portal_app/database.py",
        "asyncio.get_running_loop().run_in_executor(None, self._stop)\n",
        "pass\n",
        "tests/test_unavailable.py::test_what_nobody_waits_for_any_more_keeps_no_thread",
    ),
    _one(
        "T40",
        "portal_app/api/bodies.py",
        "async with TURNS.of(visitor.principal.customer_id, waiting=WAITING):",
        "async with TURNS.of(object(), waiting=WAITING):",
        "tests/api/test_turns.py::test_a_customer_is_answered_in_turn_and_only_so_many_may_wait",
    ),
    _one(
        "T40",
        "portal_app/database.py",
        "if is_over is not None and is_over.is_set():",
        "if False:",
        "tests/test_unavailable.py::test_what_nobody_waits_for_any_more_begins_no_further_statement",
    ),
    _one(
        "T40",
        "portal_app/api/bodies.py",
        " or abs(value.adjusted()) > MOST_DIGITS",
        "",
        "tests/api/test_edge.py::test_a_number_that_would_take_minutes_to_write_out_is_refused",
    ),
    _one(
        "T40",
        "portal_app/queries/rows.py",
        "refuse_if_over(connection)",
        "pass",
        "tests/test_unavailable.py::test_of_what_is_streamed_no_further_part_is_read_for_nobody",
    ),
    _one(
        "T40",
        "portal_app/api/downloads.py",
        "async with turns.of(customer, waiting=WAITING):",
        "async with turns.of(object(), waiting=WAITING):",
        "tests/api/test_turns.py::test_files_of_a_customer_are_made_in_turn_and_only_so_many_may_wait",
    ),
    _one(
        "T40",
        "portal_app/database.py",
        "return await self._run(self._filers, FILE_SECONDS, self.reading, query, *args, **kwargs)",
        "return await self._run(self._filers, 3600.0, self.reading, query, *args, **kwargs)",
        "tests/test_unavailable.py::test_a_file_that_is_not_read_in_its_time_is_unavailable",
    ),
    _one(
        "T7",
        GATE,
        "if confirmed_at is None or (now - confirmed_at).total_seconds() > CONFIRMED_SECONDS:",
        "if confirmed_at is None:",
        "tests/ui/tabs/test_turns.py::test_a_page_gets_data_when_its_turn_comes_unless_its_session_was_confirmed_too_long_ago",
    ),
    _one(
        "T43",
        SETTINGS,
        "bool(settings.redis_url) and not urlsplit(settings.redis_url).password",
        "False",
        "tests/test_settings.py::test_a_redis_that_everybody_may_write_to_is_refused",
    ),
    _one(
        "T45",
        "portal_app/serve.py",
        "server_header=False",
        "server_header=True",
        f"{EVERY_ANSWER}test_no_answer_tells_what_it_is_made_of",
    ),
]
