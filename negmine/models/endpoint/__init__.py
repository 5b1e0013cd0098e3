"""OpenAI-compatible endpoints: what goes over the wire, calls that are tried again, what may be spent."""
