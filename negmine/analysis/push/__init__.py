"""Push: the files of `5-write`, sent to the Hugging Face hub as a dataset repository."""
