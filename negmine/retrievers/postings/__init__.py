"""An inverted index on disk, for retrievers whose scores are sums over tokens."""
