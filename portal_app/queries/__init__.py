"""Reads: plain functions (session, customer_id, …) that answer with frozen values declared above them.

Every public function takes the customer's id and starts from a statement scoped by it; another
customer's object is not found. The few reads that are not a customer's say so in their name
(`…_of_operator`, `…_of_anyone`, `all_…`). An architecture test reads the signatures.
Imports models, billing, access and database; never a face.
"""
