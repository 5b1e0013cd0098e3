"""Documents that are near a positive by their metadata: `--retriever neighbours`."""
