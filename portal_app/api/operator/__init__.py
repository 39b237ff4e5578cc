"""What the operator's programs may read and write by API key: one router per noun.

A read needs the scope `read`, a write `write`, settings `admin`. A write is one command and answers
with the object as a read would. Beside a new route: tests/api, an entry in docs/api.md.
"""
