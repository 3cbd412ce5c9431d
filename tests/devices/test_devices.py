"""Looks in trainings on several devices or processes: the training is the same, and so are the maps."""

import json

import keras
import pytest

from keras_saliency.engine.backends import current_backend

SAME = 1e-6
QUICKLY = "--xla_backend_optimization_level=0"  # to compile: two thirds of the time


def only_on(backend):
    return pytest.mark.skipif(keras.backend.backend() != backend, reason=f"About {backend}")


@only_on("tensorflow")
@pytest.mark.repeats
def test_mirrored_strategy(run):
    (found,) = run("mirrored.py", {})
    assert found["replicas"] == 2
    assert found["training"] == 0
    assert found["maps"] <= SAME
    assert found["maps_in_scope"] <= SAME
    assert (found["steps"], found["files"], found["lost"]) == ([-1, 0, 1], 1, {})


@only_on("tensorflow")
@pytest.mark.repeats
def test_multi_worker_mirrored_strategy(run, free_ports):
    """Keras' own `fit` fails there, with and without us; a loop of one's own works, whoever looks."""
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    tasks = [{"cluster": {"worker": workers}, "task": {"type": "worker", "index": i}} for i in range(2)]
    chief, other = run("multi_worker.py", *({"TF_CONFIG": json.dumps(task)} for task in tasks))
    for found in chief, other:
        assert found["replicas"] == 2
        assert found["fit_alone"] == found["fit_watched"]
        assert found["fit_alone"].startswith("Attempt to convert a value (PerReplica")
        assert found["training"] == [0, 0]
        assert found["maps"] <= SAME
    assert chief["files"] == {"by2": 1, "by1": 1}
    assert (chief["chief"], other["chief"]) == (True, False)


@only_on("jax")
@pytest.mark.repeats
def test_parallel_on_four_devices(run):
    (found,) = run("jax_devices.py", {"XLA_FLAGS": f"{QUICKLY} --xla_force_host_platform_device_count=4"})
    assert found["devices"] == 4
    assert found["data"]["sharded"] == 0
    assert found["model"]["sharded"] > 0
    assert found["fully"]["sharded"] > found["model"]["sharded"]
    for distributed in found["data"], found["model"], found["fully"]:
        assert distributed["training"] == 0
        assert distributed["maps"] <= SAME
        assert distributed["steps"] == [-1, 0, 1]
        assert (distributed["files"], distributed["lost"]) == (1, {})


@only_on("jax")
@pytest.mark.repeats
def test_parallel_on_two_processes(run, free_ports):
    """Both look and see the same numbers, one writes; the chief may also look alone."""
    shared = {
        "XLA_FLAGS": f"{QUICKLY} --xla_force_host_platform_device_count=2",
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{free_ports(1)[0]}",
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
    }
    chief, other = run(
        "jax_processes.py", *(shared | {"KERAS_DISTRIBUTION_PROCESS_ID": str(rank)} for rank in range(2))
    )
    for kind in "data", "model":
        for found in chief[kind], other[kind]:
            assert found["training"] == 0
            assert found["lost"] == {}
        assert chief[kind]["drift"] == other[kind]["drift"]
        assert chief[kind]["alone"] <= SAME
        assert (chief[kind]["written"], other[kind]["written"]) == (True, False)
    assert chief["files"] == {"data": 1, "model": 1}
    for found in chief, other:
        assert "are spread over several processes" in found["refused"]
        assert found["refused"].endswith("convolution/kernel")


@only_on("torch")
@pytest.mark.repeats
def test_distributed_data_parallel(run, free_ports):
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_ports(1)[0]), "WORLD_SIZE": "2"}
    chief, other = run("data_parallel_torch.py", *(shared | {"RANK": str(rank)} for rank in range(2)))
    for found in chief, other:
        assert found["training"] == [0, 0]
        assert found["maps"] <= SAME
        assert found["refusal"].endswith("DistributedDataParallel. Give the Keras model inside: its .module")
        assert found["steps"] == [0, 1, 2, 3, 4, 5, 6]
    assert chief["files"] == {"by2": 1, "by1": 1, "fit": 1}
    assert (chief["written"], other["written"]) == (True, False)


@only_on("torch")
@pytest.mark.repeats
def test_fully_shard(run, free_ports):
    """Keras does not know it, and trains a model of its own in each process: looks say so."""
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_ports(1)[0]), "WORLD_SIZE": "2"}
    both = run("fully_shard.py", *(shared | {"RANK": str(rank)} for rank in range(2)))
    for found in both:
        for refused in found["explained"], found["fit"]:
            assert "are spread over several processes" in refused
            assert "convolution/kernel" in refused
        assert "are spread over several processes" in found["wrapped"]
    assert both[0]["kernel"] != both[1]["kernel"]


def test_one_process_is_its_own_chief():
    assert current_backend().is_chief() is True


@only_on("tensorflow")
@pytest.mark.parametrize(
    ("jobs", "task", "index", "is_chief"),
    [
        (["worker"], "worker", 0, True),
        (["worker"], "worker", 1, False),
        (["chief", "worker"], "chief", 0, True),
        (["chief", "worker"], "worker", 0, False),
        (["worker"], "evaluator", 0, False),
    ],
)
def test_tf_config_names_the_chief(monkeypatch, jobs, task, index, is_chief):
    cluster = {job: ["127.0.0.1:1", "127.0.0.1:2"] for job in jobs}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": task, "index": index}}))
    assert current_backend().is_chief() is is_chief
