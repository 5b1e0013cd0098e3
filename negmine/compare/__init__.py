"""What changed between two runs: pure functions behind `negmine diff`.

Rows of both runs are put side by side by (query_id, doc_id), some queries at a time. Everything of A ends
in `_a`, of B in `_b`; a difference is B minus A. doors/diff.py reads the work directories.
"""
