"""Dense retrieval: vectors, exact search, FAISS indexes."""
