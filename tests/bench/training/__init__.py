"""Does a model trained on mined negatives retrieve better? Which negatives train best?"""
