"""Settings of the dense retriever that cannot work together, or without it."""

from __future__ import annotations

from negmine.config.dense import NAME, dense_models
from negmine.config.endpoints import budget_of, check_url
from negmine.config.naming import flag
from negmine.config.resolved import ResolvedConfig
from negmine.config.settings import IndexSettings
from negmine.config.settings.index import BINARY, FLAT
from negmine.errors import SettingsError
from negmine.models.endpoint.embeddings import KEY


def check(config: ResolvedConfig) -> None:
    """Raise SettingsError, also where the retriever is not in use but its settings are given."""
    index = config.index
    in_use = NAME in index.retriever
    dense_models(index)
    _check_vectors(config.given.index, in_use)
    _check_similarity(config, in_use)
    _check_endpoint(config.given.index, in_use)
    if index.dense_scope == "candidates":
        _check_scope(index, in_use)
    encodes = in_use and index.document_vectors is None and index.model_url is None
    encodes = encodes or bool({"late", "sparse"} & set(index.retriever))
    if index.devices is not None and not encodes and not config.filter.guide_model:
        raise SettingsError(
            f"--devices {index.devices}: nothing is encoded here. Leave it out, or add --retriever dense."
        )
    if index.index != FLAT and not in_use:
        raise SettingsError(
            f"--index {index.index} is for the dense retriever. Add --retriever dense."
        )
    _check_effort(config)


def _check_effort(config: ResolvedConfig) -> None:
    """Refuse settings of a search that this --index does not have; FAISS indexes are asked later (trial.py)."""
    retrieve, kind = config.retrieve, config.index.index
    for field in ("nprobe", "ef_search", "rescore"):
        if getattr(retrieve, field) is None:
            continue
        if kind == FLAT:
            raise SettingsError(
                f"{flag(field)}: --index flat looks at every vector. Name an index that it is for."
            )
        if (field == "rescore") != (kind == BINARY):
            raise SettingsError(
                f"{flag(field)} {getattr(retrieve, field)}: this --index has no such setting. --nprobe is for "
                "IVF, --ef-search for HNSW, --rescore for binary."
            )


def _check_vectors(index: IndexSettings, in_use: bool) -> None:
    if (index.query_vectors is None) != (index.document_vectors is None):
        raise SettingsError(
            "--query-vectors and --document-vectors go together. Give both or none."
        )
    if index.query_vectors and not in_use:
        raise SettingsError("--query-vectors are for the dense retriever. Add --retriever dense.")
    if index.earlier_model and (index.query_vectors or index.model_url):
        raise SettingsError(
            f"--round {index.round}: the models of earlier rounds are files, and --query-vectors or --model-url"
            " would take their place. Give the trained model as --model, a folder."
        )
    if index.query_vectors and "model" in index.model_fields_set:
        raise SettingsError(
            f"--model {', '.join(index.model)}: with your own vectors no model is used. Leave one of them out."
        )


def _check_similarity(config: ResolvedConfig, in_use: bool) -> None:
    """Refuse inner products where a cosine is needed; similarities of two documents always are cosines."""
    if config.index.similarity == "cosine":
        return
    if not in_use:
        raise SettingsError("--similarity dot is for the dense retriever. Add --retriever dense.")
    if config.write.sampling == "diverse":
        raise SettingsError(
            "--sampling diverse weighs the cosine of query and document against cosines of documents, and "
            "--similarity dot gives no cosine. Choose another --sampling, or --similarity cosine."
        )


def _check_endpoint(index: IndexSettings, in_use: bool) -> None:
    """Refuse what an endpoint cannot be told."""
    budget_of("--embedding-budget", index.embedding_budget, "texts")
    url = index.model_url
    if url is None:
        return
    check_url("--model-url", url, KEY)
    if not in_use:
        raise SettingsError("--model-url is for the dense retriever. Add --retriever dense.")
    if "model" not in index.model_fields_set:
        raise SettingsError("--model-url needs the model's name at that endpoint. Give --model.")
    if index.max_length:
        raise SettingsError(
            f"--max-length {index.max_length[0]}: the endpoint at --model-url cuts texts by itself. Leave it "
            "out."
        )
    models = dense_models(index)
    if index.embedding_budget is not None and (len(models) > 1 or models[0].has_query_model):
        raise SettingsError(
            f"--embedding-budget {index.embedding_budget} is for one --model, and several would be asked. Name "
            "one at a time, or leave it out."
        )


def _check_scope(index: IndexSettings, in_use: bool) -> None:
    if (set(index.retriever) <= {NAME} and not index.run) or index.document_vectors is not None:
        raise SettingsError(
            "--dense-scope candidates encodes what another retriever finds. Name one beside dense, and bring "
            "no vectors along."
        )
    if not in_use:
        raise SettingsError(
            "--dense-scope candidates is for the dense retriever. Add --retriever dense."
        )
