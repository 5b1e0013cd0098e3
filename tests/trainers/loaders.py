"""How trainers with a loader of their own read the files, and that each comes to the rows that were written."""

import json
import os
from types import SimpleNamespace

import polars as pl
import pytest

from tests.trainers.foreign import loader
from tests.trainers.reading import from_card, from_json, near
from tests.trainers.written import INSTRUCTION, NEGATIVES


def pylate_ids(folder, rows, scratch):
    from pylate.utils import KDProcessing

    train, queries, documents = (
        from_card(folder, name, scratch) for name in ("ids", "ids-queries", "ids-documents")
    )
    train.set_transform(KDProcessing(queries, documents, n_ways=1 + NEGATIVES).transform)
    for row, read in zip(rows, train, strict=True):
        assert (read["query"], list(read["documents"])) == (row.query, row.documents)
        assert list(read["scores"]) == near(row.scores)


def _flag_arguments(folder, **more):
    files = sorted(str(path) for path in (folder / "flagembedding").glob("part-*.jsonl"))
    return SimpleNamespace(
        train_data=files, cache_path=None, shuffle_ratio=0, train_group_size=1 + NEGATIVES,
        max_example_num_per_dataset=10**6, knowledge_distillation=True,
        query_instruction_for_retrieval=None, query_instruction_format="{}{}",
        passage_instruction_for_retrieval=None, passage_instruction_format="{}{}",
        small_threshold=0, drop_threshold=0, same_dataset_within_batch=False, **more,
    )  # fmt: skip


def flag_embedder(folder, rows, scratch):
    with loader("FlagEmbedding", "abc.finetune.embedder.AbsDataset") as module:
        arguments = _flag_arguments(folder, query_max_len=8)
        arguments.cache_path = str(scratch / "cache")
        plain = module.AbsEmbedderTrainDataset(arguments, None)
        by_query = {row.query: row for row in rows}
        assert len(plain) == len(rows)
        for row, (query, passages, scores) in zip(rows, plain, strict=False):
            _flag_row(row, query, passages, scores)  # the trainer does not read the instruction
        arguments.query_instruction_for_retrieval = ""
        queries = [plain[number][0] for number in range(len(rows))]
        assert queries == [f"{INSTRUCTION}{row.query}" for row in rows]
        arguments.query_instruction_for_retrieval = None
        same = module.AbsEmbedderSameDatasetTrainDataset(arguments, 2, 0, None)
        read = [same[number] for number in range(len(same.batch_datas))]
        for queries, passages, scores, _ in read:
            for place, query in enumerate(queries):
                assert query.startswith(INSTRUCTION), "never the word None"
                own = slice(place * (1 + NEGATIVES), (place + 1) * (1 + NEGATIVES))
                text = query.removeprefix(INSTRUCTION)
                _flag_row(by_query[text], text, passages[own], scores[own])


def _flag_row(row, query, passages, scores):
    score = dict(zip(row.documents, row.scores, strict=True))
    assert query == row.query
    assert passages[0] in row.positives
    assert set(passages[1:]) <= set(row.negatives)
    assert list(scores) == near([score[text] for text in passages])


def flag_reranker(folder, rows, scratch):
    from tests.models.tiny import cross_encoder

    with loader("FlagEmbedding", "abc.finetune.reranker.AbsDataset") as module:
        from transformers import AutoTokenizer

        arguments = _flag_arguments(
            folder, query_max_len=32, passage_max_len=64, max_len=128, pad_to_multiple_of=None,
            query_instruction_for_rerank=None, passage_instruction_for_rerank=None, sep_token="\n",
        )  # fmt: skip
        arguments.cache_path = str(scratch / "cache")
        tokenizer = AutoTokenizer.from_pretrained(str(cross_encoder(scratch / "model")))
        read = module.AbsRerankerTrainDataset(arguments, tokenizer)
        assert len(read) == len(rows)
        for row, number in zip(rows, range(len(read)), strict=True):
            pairs, scores = read[number]
            assert len(pairs) == len(scores) == 1 + NEGATIVES
            assert scores[0] in [near(score) for score in row.positive_scores]
            negatives = [near(score) for score in row.negative_scores]
            assert all(score in negatives for score in scores[1:])


def _tevatron_arguments(**more):
    return SimpleNamespace(
        dataset_name="json", dataset_config=None, dataset_split="train", num_proc=1,
        corpus_config=None, corpus_split="train", assets_path=None, query_prefix="", passage_prefix="",
        train_group_size=1 + NEGATIVES, encode_text=True, encode_image=False, encode_video=False,
        encode_audio=False, **more,
    )  # fmt: skip


def _tevatron_rows(rows, arguments):
    from tevatron.retriever.dataset import TrainDataset

    state = SimpleNamespace(epoch=0)
    trainer = SimpleNamespace(state=state, args=SimpleNamespace(seed=1))
    read = TrainDataset(arguments, trainer)
    assert len(read) == len(rows)
    for row, number in zip(rows, range(len(read)), strict=True):
        query, documents = read[number]
        texts = [text.strip() for text, *_ in documents]
        assert query[0] == row.query
        assert texts[0] in row.positives
        assert set(texts[1:]) <= set(row.negatives)
        assert "" not in texts


def tevatron(folder, rows, scratch):
    files = str(folder / "tevatron" / "*.jsonl")
    _tevatron_rows(
        rows,
        _tevatron_arguments(
            dataset_path=files, corpus_name=None, dataset_cache_dir=str(scratch / "cache")
        ),
    )
    passages = [row["positive_passages"] for row in from_json(files, scratch)]
    scores = [[one["score"] for one in listed] for listed in passages]
    assert scores == [near(row.positive_scores) for row in rows]


def tevatron_ids(folder, rows, scratch):
    own = folder / "tevatron-ids"
    _tevatron_rows(
        rows,
        _tevatron_arguments(
            dataset_path=str(own / "train.jsonl"), corpus_name="json",
            corpus_path=str(own / "corpus.jsonl"), dataset_cache_dir=str(scratch / "cache"),
        ),
    )  # fmt: skip


def _swift_rows(folder, name, scratch):
    os.environ.setdefault("MODELSCOPE_CACHE", str(scratch / "modelscope"))
    from swift.dataset import load_dataset

    files = sorted(str(path) for path in (folder / name).glob("part-*.jsonl"))
    train, _ = load_dataset(files, load_from_cache_file=False, strict=True)
    for row in train:
        first, second = row["messages"][:2]
        assert (first["role"], first["content"]) == ("system", INSTRUCTION)
        sides = [row[f"{side}_messages"] for side in ("positive", "negative")]
        texts = [[one["content"] for (one,) in side] for side in sides]
        yield second["content"], *texts, {one["role"] for side in sides for (one,) in side}


def swift(folder, rows, scratch):
    read = list(_swift_rows(folder, "swift", scratch))
    assert read == [(row.query, row.positives, row.negatives, {"user"}) for row in rows]


def swift_reranker(folder, rows, scratch):
    read = list(_swift_rows(folder, "swift-reranker", scratch))
    assert read == [(row.query, row.positives, row.negatives, {"assistant"}) for row in rows]


def colbert(folder, rows, scratch):
    own = folder / "colbert"
    from colbert.data import Collection, Queries
    from colbert.data.examples import Examples

    queries, collection = Queries(str(own / "queries.tsv")), Collection(str(own / "collection.tsv"))
    read = Examples(str(own / "triples.jsonl"), nway=1 + NEGATIVES).tolist()
    for row, (query, *passages) in zip(rows, read, strict=True):
        assert queries[query] == row.query
        assert [collection[pid] for pid, _ in passages] == row.documents
        assert [score for _, score in passages] == near(row.scores)


def nemo(folder, rows, scratch):
    from nemo_automodel.components.datasets.llm.retrieval_dataset import make_retrieval_dataset

    _nemo_rows(rows, make_retrieval_dataset, str(folder / "nemo" / "train.json"), INSTRUCTION)


def nemo_inline(folder, rows, scratch):
    from nemo_automodel.components.datasets.llm.retrieval_dataset import make_retrieval_dataset

    files = sorted(str(path) for path in (folder / "nemo-inline").glob("part-*.jsonl"))
    _nemo_rows(rows, make_retrieval_dataset, files, "")


def _nemo_rows(rows, make, files, instruction):
    read = make(files, n_passages=1 + NEGATIVES, use_dataset_instruction=bool(instruction))
    read = read[0] if isinstance(read, tuple) else read
    for row, one in zip(rows, read, strict=True):
        assert one["question"] == row.query
        negatives = (row.negatives * NEGATIVES)[:NEGATIVES]
        assert list(one["doc_text"]) == [row.positives[0], *negatives]
        if instruction:
            assert one["query_instruction"] == instruction


def gritlm(folder, rows, scratch):
    from training.data import CustomDataset

    dataset = from_json(folder / "gritlm" / "train.jsonl", scratch)
    arguments = SimpleNamespace(train_group_size=1 + NEGATIVES, use_unique_indices=False)
    read = CustomDataset(dataset, arguments, None, full_bs=2)
    for row, number in zip(rows, range(len(read)), strict=True):
        query, passages, _ = read[number]
        assert query == [INSTRUCTION, row.query]
        assert passages[0] in [["", text] for text in row.positives]
        assert all(passage in [["", text] for text in row.negatives] for passage in passages[1:])


def beir(folder, rows, scratch):
    from beir.datasets.data_loader import GenericDataLoader

    corpus, queries, qrels = GenericDataLoader(str(folder / "beir")).load(split="train")
    ranked = {
        one["query-id"]: one["corpus-ids"]
        for one in from_json(folder / "beir" / "top_ranked.jsonl", scratch)
    }
    for row in rows:
        assert queries[row.query_id] == row.query
        assert list(qrels[row.query_id]) == row.ids[: len(row.positives)]
        assert sorted(row.ids) == ranked[row.query_id]
        assert [corpus[one]["text"] for one in row.ids] == row.documents


def again(folder, rows, scratch):
    import negmine

    mined = negmine.mine(
        scratch / "work", data=folder / "beir", qrels_split="train", retriever="bm25"
    )
    assert mined.summary["queries_mined"] == len(rows)


def arctic(folder, rows, scratch):
    from arctic_embed.data_processing import pretokenize
    from tokenizers import Tokenizer

    from tests.models.tiny import cross_encoder

    model = cross_encoder(scratch / "model")
    own = Tokenizer.from_file(str(model / "tokenizer.json"))
    pretokenize.Tokenizer = SimpleNamespace(from_pretrained=lambda name: own)
    config = pretokenize.PretokenizeAndBatchMinedDataConfig(
        tokenizer_id="tiny", query_loc=str(folder / "arctic" / "queries.parquet"),
        document_loc=str(folder / "arctic" / "documents.parquet"),
        labels_loc=str(folder / "arctic" / "labels.parquet"), output_loc=str(scratch / "out"),
        query_prefix="", document_prefix="", queries_per_batch=1, max_pos_per_query=9,
        num_negatives_per_query_per_batch=NEGATIVES,
    )  # fmt: skip
    pretokenize.pretokenize_and_batch_mined_data(config)
    relations = pl.read_parquet(scratch / "out" / "**" / "relations.parquet")
    assert relations["RELEVANCE"].value_counts().sort("RELEVANCE").rows() == [
        (-1, sum(len(row.negatives) for row in rows)),
        (1, sum(len(row.positives) for row in rows)),
    ]


def lightning_ir(folder, rows, scratch):
    from lightning_ir.data.dataset import RunDataset

    run = RunDataset(folder / "lightning-ir" / "run.parquet", targets="score")
    read = {}
    for number in range(len(run)):
        sample = run[number]
        scores = sample.targets.flatten().tolist()
        for text, score in zip(sample.docs, scores, strict=True):
            read[sample.query, text] = score
    wanted = {
        (row.query, text): s
        for row in rows
        for text, s in zip(row.documents, row.scores, strict=True)
    }
    assert read == near(wanted)


def gpl(folder, rows, scratch):
    own = folder / "gpl"
    texts = {one["_id"]: one for one in map(json.loads, (own / "corpus.jsonl").open())}
    asked = {
        one["_id"]: one["text"] for one in map(json.loads, (own / "qgen-queries.jsonl").open())
    }
    with loader("gpl", "toolkit.dataset") as module:
        read = module.GenerativePseudoLabelingDataset(
            str(own / "gpl-training-data.tsv"), asked, texts
        )
        for row, number in zip(rows, range(len(read)), strict=True):
            one = read[number]
            assert one.texts == [row.query, *row.documents]
            margin = row.positive_scores[0] - row.negative_scores[0]
            assert one.label == pytest.approx(margin, abs=1e-5)
        mined = module.HardNegativeDataset(str(own / "hard-negatives.jsonl"), asked, texts)
        triples = {(row.query, *row.documents) for row in rows}
        assert all(tuple(mined[number].texts) in triples for number in range(len(mined)))


def rank_llm(folder, rows, scratch):
    from utils.data_utils import GenerationDataset, RankingDataset

    raw = from_json(folder / "rank-llm" / "train.json", scratch)

    class Tokenizer:
        chat_template, eos_token, padding_side = "system", "", "left"

        def apply_chat_template(self, messages, **options):
            return "\n".join(one["content"] for one in messages)

    for row, (prompt, label) in zip(rows, RankingDataset(raw, Tokenizer(), "train"), strict=False):
        ranked = sorted(
            row.documents, key=lambda text, row=row: -row.scores[row.documents.index(text)]
        )
        assert sorted(label) == list(range(len(ranked)))
        for place, rank in enumerate(label):
            assert f"[{chr(ord('A') + place)}] {ranked[rank]}\n" in prompt
    generated = GenerationDataset(raw, Tokenizer())
    assert len(raw) == len(generated) == len(rows)
    for row, number in zip(rows, range(len(generated)), strict=True):
        assert row.query in str(generated[number])


def dpr(folder, rows, scratch):
    absent = ("spacy", "hydra", "omegaconf", "jsonlines", "wget", "fairscale")
    with loader("dpr", "data.biencoder_data", *absent) as module:
        read = module.JsonQADataset(str(folder / "dpr" / "train.json"))
        read.load_data()
        assert len(read) == len(rows)
        for row, number in zip(rows, range(len(read)), strict=True):
            sample = read[number]
            assert sample.query == row.query
            assert [one.text for one in sample.positive_passages] == row.positives
            assert [one.text for one in sample.hard_negative_passages] == row.negatives
            assert sample.negative_passages == []
