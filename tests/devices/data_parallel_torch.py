"""`torch.nn.parallel.DistributedDataParallel` over two processes, in a training loop of one's own."""

import torch
from torch.nn.parallel import DistributedDataParallel

torch.distributed.init_process_group("gloo")
RANK = torch.distributed.get_rank()

from training import LOGS, METHODS, PROBES, X, Y, difference, explained, fit, maps, network, report, values

import keras_saliency as ks
from keras_saliency.methods import make_methods
from keras_saliency.observer import Observer


def train(lookers):
    """The model and its looks after six updates, looked at before each by some of the processes."""
    model = network()
    parallel = DistributedDataParallel(model)
    optimizer = torch.optim.Adam(parallel.parameters(), 0.01)
    observer = Observer(model, PROBES, make_methods(METHODS))
    looks = []
    for step in range(6):
        if RANK in lookers:
            looks.append(observer.look(step, step))
        rows = slice(4 * step + 2 * RANK, 4 * step + 2 * RANK + 2)
        losses = torch.nn.functional.nll_loss(
            torch.log(parallel(torch.tensor(X[rows]), training=True)), torch.tensor(Y[rows])
        )
        optimizer.zero_grad()
        losses.backward()
        optimizer.step()
    if RANK in lookers:
        looks.append(observer.look(6, 6))
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
saliency = ks.SaliencyCallback(PROBES, LOGS)
fit(network(), saliency)
report(
    training=[difference(values(plain.module), values(watched.module)) for watched in (by_all, by_chief)],
    maps=difference(maps(looks[-1]), explained(single)),
    refusal=refusal(plain),
    written=saliency.summary.written > 0,
    files=len(list((LOGS / "saliency").glob("events*"))),
)
torch.distributed.destroy_process_group()
