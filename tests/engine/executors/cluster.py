"""A Ray cluster of two nodes with one processor each, on the loopback address of this machine."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = (
    "0"  # on Linux: everything listens on 127.0.0.1 alone
)
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
ROOT = Path(__file__).parents[3]  # workers import plug-ins of the tests
NODE = {"num_cpus": 1, "object_store_memory": 80 << 20, "memory": 8 << 30}

# The head asks each node twice a second whether it lives: a dead one does not answer, a busy one has 5 s.
NOTICES = {
    "health_check_initial_delay_ms": 500, "health_check_period_ms": 500, "health_check_timeout_ms": 5000,
    "health_check_failure_threshold": 3,
}  # fmt: skip


class Nodes:
    """Nodes that can be added and removed. address: of the head. environment: returns that of the next node."""

    def __init__(self, count=2, environment=dict):
        from ray.cluster_utils import Cluster

        self._cluster, self._environment = Cluster(), environment
        self.head = self.add(include_dashboard=False, _system_config=NOTICES)
        self.others = [self.add() for _ in range(count - 1)]
        self.address = self._cluster.address

    def add(self, **more):
        """Add a node and return it."""
        return self._cluster.add_node(**NODE, **more, env_vars=self._environment())

    def remove(self, node, allow_graceful=False):
        """End a node at once, and everything on it."""
        self._cluster.remove_node(node, allow_graceful=allow_graceful)

    def end(self):
        """End all nodes."""
        self._cluster.shutdown()


@contextmanager
def nodes(count=2, environment=dict):
    """Give a cluster while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
        made = Nodes(count, environment)
        try:
            yield made
        finally:
            made.end()
