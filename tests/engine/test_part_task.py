"""A part task is a small value; a process that gave the command makes it with its own context."""

import pickle
from pathlib import Path

import pytest

from negmine.engine import part_task
from negmine.engine.command import command_of, given
from negmine.engine.part_task import PartTask
from negmine.engine.progress import TaskNotes
from negmine.engine.tasks import Parts
from negmine.stages.opening import context_to_mine
from negmine.stages.plan import make_plan


@pytest.fixture
def context(tmp_path, beir):
    made = context_to_mine(tmp_path / "w", {"data": beir, "retriever": ["bm25"]}, None, None, None)
    made.work.create()
    return made


def opens(context):
    """Return work of one part that notes something when it is opened, and when the part is made."""
    context.progress.note("opened")

    def make(number):
        context.progress.note("made")
        raise KeyError(context.work.name, context.command)

    return Parts(1, make)


def test_every_task_of_the_plan_is_a_small_value(context):
    context.work.digest._stamped.update({f"/models/{n}": (n, n, "0" * 64) for n in range(9_000)})
    command = command_of(context)
    for artifact in make_plan(context):
        task = PartTask(command, artifact.name, artifact.make, "0" * 64, 17)
        assert len(pickle.dumps(task)) < 16_000, artifact.name
        assert pickle.loads(pickle.dumps(task)).command == command


def test_the_process_that_gave_the_command_uses_its_own_context(context):
    task = PartTask(command_of(context), "a", opens, "1", 0)
    with given(context):
        assert part_task.opened(task).context is context
    part_task.close()
    assert part_task.opened(task).context is not context
    part_task.close()


def test_another_process_opens_the_same_directory_and_counts_under_the_same_command(context):
    task = pickle.loads(pickle.dumps(PartTask(command_of(context), "a", opens, "1", 0)))
    with pytest.raises(KeyError) as error:
        task()
    assert error.value.args == (context.work.name, context.command)
    assert task.command.folder == str(Path.cwd())
    part_task.close()


def test_notes_of_opening_are_the_drivers_alone(context):
    notes = TaskNotes()
    task = PartTask(command_of(context), "a", opens, "1", 0)
    with pytest.raises(KeyError):
        task(notes)
    assert notes.messages == ["made"]
    part_task.close()


def test_a_context_that_is_given_twice_is_there_until_the_end_of_the_outer_one(context):
    command = command_of(context)
    with given(context):
        with given(context.with_rules(min_rank=3)):
            assert command.context(TaskNotes()).config.filter.min_rank == 3
        assert command.context(TaskNotes()) is context
    assert command.context(TaskNotes()) is not context
