"""The learned risk that a candidate is relevant."""
