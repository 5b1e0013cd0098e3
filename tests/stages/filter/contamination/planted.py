"""A run and an evaluation set with planted contamination: each training text is contaminated in one way."""

import negmine
from tests.conftest import write_beir

LONG = (
    "the quick brown fox jumps over the lazy dog while seven silent owls watch from a crooked old oak tree "
    "beside the frozen river and wait for spring to come"
).split()
OTHER = (
    "every morning the baker carries warm bread across the market square where merchants from distant towns "
    "sell copper pots and painted bowls to anyone who stops"
).split()
HALF = len(LONG) // 2 + 1

DOCUMENTS = {
    "copy": ("", " ".join(LONG).upper() + "!"),
    "span": ("", " ".join(["once", "upon", *LONG[:HALF], "and", "then", "nothing"])),
    "near": ("", " ".join([*OTHER, "today"])),
    "piece": ("", " ".join(LONG[4:24])),
    "clean-1": ("", "Green tea is best brewed at eighty degrees for two minutes."),
    "clean-2": ("", "Cats sleep twelve to sixteen hours a day, and kittens sleep longer."),
    "clean-3": ("", "The fox and the owl are animals of the forest, and so is the crow."),
}
QUERIES = {
    "same": "How hot is green tea?",
    "long": "which of the seven silent owls watch from a crooked old oak tree at night",
    "clean": "do cats sleep while the fox jumps today or drinks green tea",
    "of-copy": "what does the fox do",
    "of-span": "a tale of an owl",
}
QRELS = [
    ("same", "clean-1", 1),
    ("long", "clean-3", 1),
    ("clean", "clean-2", 1),
    ("of-copy", "copy", 1),
    ("of-span", "span", 1),
]
EVALUATION = {"e1": ("", " ".join(LONG)), "e2": ("", " ".join(OTHER)), "e3": ("", "nothing here")}
ASKED = {
    "t1": "how hot is green tea",
    "t2": "the seven silent owls watch from a crooked old oak tree",
    "t3": "copper pots",
    "t4": "in no qrels of the test: how long do cats sleep",
}
JUDGED = [("t1", "e1", 1), ("t2", "e2", 1), ("t3", "e1", 1), ("t3", "e3", 0)]


def write_evaluation(folder, **changes):
    """Write the evaluation set as a BEIR folder, and return it."""
    tables = {"documents": EVALUATION, "queries": ASKED, "qrels": JUDGED, "split": "test"}
    return write_beir(folder, **(tables | changes))


def mine(folder, **settings):
    """Mine the training data into `folder`, with every document as a candidate."""
    data = write_beir(folder / "train", DOCUMENTS, QUERIES, QRELS)
    options = {"retriever": ["bm25"], "k": 7, "no_risk": True, "no_near_duplicate": True}
    return negmine.mine(folder / "work", data=data, **(options | settings))
