"""PyTorch's `fully_shard` (FSDP2) over two processes: of a Keras model, and of a module inside one."""

import torch
from torch.distributed.fsdp import fully_shard

torch.distributed.init_process_group("gloo")
MESH = torch.distributed.device_mesh.init_device_mesh("cpu", (2,))
RANK = torch.distributed.get_rank()

import keras
from training import LOGS, PROBES, X, Y, fit, network, report, values

import keras_saliency as ks
from keras_saliency.errors import SaliencyError


def wrapped(mesh=None):
    torch.manual_seed(0)
    body = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)
    )
    if mesh is not None:
        fully_shard(body, mesh=mesh)
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, keras.layers.TorchModuleWrapper(body, output_shape=(None, 3))(inputs))


def sharded():
    return fully_shard(network(), mesh=MESH)


def refused(look):
    try:
        look()
    except SaliencyError as error:
        return str(error)
    return None


trained = sharded()
fit(trained, x=X[RANK::2], y=Y[RANK::2])
report(
    explained=refused(lambda: ks.explain(trained, PROBES)),
    fit=refused(lambda: fit(sharded(), ks.SaliencyCallback(PROBES, LOGS / "fit"))),
    wrapped=refused(lambda: ks.explain(wrapped(MESH), PROBES, target=1)),
    kernel=float(abs(values(trained)[0]).sum()),
)
torch.distributed.destroy_process_group()
