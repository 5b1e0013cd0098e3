"""Contamination: which training texts also stand in evaluation sets.

evaluation.py reads the sets. block.py makes their texts ready to be compared, a bounded number of words at
once. overlap.py compares n-grams, compare.py a batch of training texts by every test, measure.py all of them.
tasks.py writes `4-filter/contaminated`, dropped.py tells what of it is dropped.
"""
