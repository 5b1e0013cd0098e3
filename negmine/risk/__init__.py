"""The learned risk: how likely a candidate is a relevant document that nobody judged.

The known positives of a query say more about its false negatives than any score does. Some of them
are hidden, a logistic regression learns what sets them apart from the other candidates (`signals`,
`model`), and every candidate gets the probability that it is one of them. Weights that were learned on
open collections ship along, for data with too few positives to learn from (`shipped`).
"""
