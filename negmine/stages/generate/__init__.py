"""Stage generate: documents that a language model writes, as candidates."""
