"""Files of training data become batches of rows that look the same whatever the file was."""
