"""FAISS indexes over vectors of documents, or of their tokens: tried, built, opened."""
