"""`torch.nn.parallel.DistributedDataParallel` over two processes, in a training loop of one's own."""

import torch
from torch.nn.parallel import DistributedDataParallel

torch.distributed.init_process_group("gloo")
RANK = torch.distributed.get_rank()

from training import LOGS, METHODS, PROBES, X, Y, difference, explained, fit, maps, network, report, values

import keras_saliency as ks


def train(lookers):
    """The model and its looks after six updates, looked at before each by some of the processes."""
    model = network()
    parallel = DistributedDataParallel(model)
    optimizer = torch.optim.Adam(parallel.parameters(), 0.01)
    saliency = ks.SaliencyCallback(PROBES, LOGS / f"by{len(lookers)}", METHODS)
    looks = []
    for step in range(6):
        if RANK in lookers:
            looks.append(saliency.look(model, step))
        rows = slice(4 * step + 2 * RANK, 4 * step + 2 * RANK + 2)
        losses = torch.nn.functional.nll_loss(
            torch.log(parallel(torch.tensor(X[rows]), training=True)), torch.tensor(Y[rows])
        )
        optimizer.zero_grad()
        losses.backward()
        optimizer.step()
    if RANK in lookers:
        looks.append(saliency.look(model, 6))
    return parallel, looks


def refusal(model):
    try:
        ks.explain(model, X)
    except TypeError as error:
        return str(error)
    return None


(plain, _), (by_all, looks), (by_chief, _) = (train(lookers) for lookers in ((), (0, 1), (0,)))
single = network()
single.set_weights(by_all.module.get_weights())
saliency = ks.SaliencyCallback(PROBES, LOGS / "fit")
fit(network(), saliency)
report(
    training=[difference(values(plain.module), values(watched.module)) for watched in (by_all, by_chief)],
    maps=difference(maps(looks[-1]), explained(single)),
    refusal=refusal(plain),
    written=saliency.summary.written > 0,
    steps=[look.step for look in looks],
    files={folder.parent.name: len(list(folder.glob("events*"))) for folder in LOGS.glob("*/saliency")},
)
torch.distributed.destroy_process_group()
