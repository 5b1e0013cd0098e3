"""Every way of `--sampling` by name.

A new one is a file beside this one, a line here, one in config/sampling.py, and its name in the settings.
"""

from __future__ import annotations

from negmine.stages.write.sampling.band import band
from negmine.stages.write.sampling.base import Places
from negmine.stages.write.sampling.cyclic import cyclic
from negmine.stages.write.sampling.diverse import diverse
from negmine.stages.write.sampling.margin_bins import margin_bins
from negmine.stages.write.sampling.one_per_retriever import one_per_retriever
from negmine.stages.write.sampling.round_robin import round_robin
from negmine.stages.write.sampling.softmax import softmax
from negmine.stages.write.sampling.top import top
from negmine.stages.write.sampling.top1_random import top1_random
from negmine.stages.write.sampling.uniform import uniform

SAMPLINGS: dict[str, Places] = {
    "top": top,
    "random": uniform,
    "softmax": softmax,
    "top1-random": top1_random,
    "cyclic": cyclic,
    "band": band,
    "margin-bins": margin_bins,
    "diverse": diverse,
    "one-per-retriever": one_per_retriever,
    "round-robin": round_robin,
}
