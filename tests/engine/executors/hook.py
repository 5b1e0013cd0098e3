"""What workers of the tests do when they begin: encoders leave marks from then on, and parts may kill."""

import os
import signal

from tests.engine.executors.plugins import DIES, folder, mark, mark_of


def mark_and_die():
    """Have all that a process of the tests' own connection does."""
    mark_models()
    kill_in_parts()


def mark_models():
    """Mark each load and each call of an encoder; if a test asks, the first call kills its process."""
    from negmine.models.load import Model

    load, encode = Model.__init__, Model.encode

    def marked_load(self, spec):
        mark("model")
        load(self, spec)

    def marked_encode(self, texts, kind, prompt):
        if mark("encode") == 1 and (folder() / DIES).exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return encode(self, texts, kind, prompt)

    Model.__init__, Model.encode = marked_load, marked_encode


def kill_in_parts():
    """Kill the process that makes a part which a test has named by a file (`mark_of`); the file goes."""
    from negmine.engine.part_task import PartTask

    make = PartTask.__call__

    def killed(self, progress=None):
        file = mark_of(self.artifact, self.number)
        if file.exists():
            file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return make(self, progress)

    PartTask.__call__ = killed
