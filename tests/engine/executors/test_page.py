"""docs/how-to/cluster.md: its YAML is what KubeRay and SkyPilot take; its commands name flags that exist."""

import re
from pathlib import Path

import pytest
import yaml

from negmine.config.settings import IndexSettings

PAGE = (Path(__file__).parents[3] / "docs/how-to/cluster.md").read_text("utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
KUBERAY, SKYPILOT = BLOCKS


def commands():
    """Return every line of the page that calls negmine on a cluster."""
    return [line for line in PAGE.splitlines() if "negmine mine" in line and "--engine ray" in line]


def test_every_flag_of_the_commands_is_a_setting():
    assert len(commands()) >= 4
    for line in commands():
        words = line.partition("negmine mine")[2].split("`")[0]
        for name in re.findall(r"--([a-z-]+)", words):
            assert name.replace("-", "_") in IndexSettings.model_fields, line


def test_all_pods_of_kuberay_share_the_folder_that_the_command_names():
    cluster = KUBERAY["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        assert container["volumeMounts"] == [{"name": "shared", "mountPath": "/shared"}]
        assert [volume["name"] for volume in pod["volumes"]] == ["shared"]
    assert "negmine mine /shared/work" in KUBERAY["spec"]["entrypoint"]


def test_skypilot_takes_its_task():
    sky = pytest.importorskip("sky", reason="needs SkyPilot: pip install skypilot")
    sky.Task.from_yaml_config(SKYPILOT)
