"""The dialect of the documented API: one module per noun, requests and responses side by side.

Nothing else knows the dialect. A response class is named `…Wire` and made from a read model by a
function beside it (`invoice_wire`); a request class says what may be sent and makes the value a
command takes. Values are written and read by values.py, the columns every object has by base.py,
lists and searches by lists.py. Beside a new noun: a router in api/, an entry in docs/api.md.
"""
