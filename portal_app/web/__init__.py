"""What wraps every response: security headers and CSP hashes, caching, the log without secrets.

Imports settings and access; knows nothing of pages or routes beyond their paths. `operator` is where the forms of
the operator's pages are sent.
"""
