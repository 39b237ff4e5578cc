"""What a customer's session token may read: `/v1/customer/portal/…`, one router per noun.

Every route takes the customer from the token (session_token.py) and has no other way to data.
Nothing here writes. Beside a new route: the four questions in tests/api, an entry in docs/api.md.
"""
