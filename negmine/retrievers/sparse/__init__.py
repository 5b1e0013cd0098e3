"""The sparse retriever: what a learned sparse encoder (SPLADE and the like) finds, by an inverted index."""
