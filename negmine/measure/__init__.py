"""Leak: how many of the negatives are really positives, measured by hiding some that are known.

Known positives are hidden (negmine/risk/hiding.py), the rules and the selection do what they would do
without them, and what is then sold as a negative is counted. It is a lower bound: relevant documents
that nobody judged are not counted.
"""
