"""The output formats of training files: one file per format, and `registry` that lists them."""
