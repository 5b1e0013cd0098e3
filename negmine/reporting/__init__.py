"""What people look at: the report of a run and the data card of its training files.

Numbers are gathered part by part (see doors/report.py), put into one object (model.py), and that object is
rendered. Nothing is counted twice and nothing is drawn that is not in it.
"""
