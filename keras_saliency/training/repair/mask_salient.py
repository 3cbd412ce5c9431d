"""Training images in which what the network reads, or what it does not read, is masked."""

from __future__ import annotations

from typing import Any, get_args
from weakref import WeakSet

import keras
import numpy as np

from keras_saliency.arguments import real, whole
from keras_saliency.training.callback import SaliencyCallback
from keras_saliency.training.logbook import warn
from keras_saliency.training.repair.example_maps import ExampleMaps
from keras_saliency.training.repair.masked_batches import Epoch, MaskedBatches
from keras_saliency.training.repair.salient_masks import SalientMasks, What


class MaskSalient(keras.callbacks.Callback):  # type: ignore[misc]
    """Masks in training images what their own maps say that the network reads, or what they say that it does not.

    `"hot"` hides the pixels of the highest magnitudes, so that the network learns the rest as well (adversarial
    erasing, Wei et al. 2017, arXiv:1703.08448); `"cold"` hides those of the lowest, so that it does not need them
    (KeepAugment, Gong et al. 2020, arXiv:2011.11778, keeps the salient part in the same way). What is hidden is filled
    with the mean of the pixels around it, as the experiment of `ks.Region` does.

    It is an augmentation and no repair: the share is hidden in every image that is drawn, also where nothing wrong is
    read. A network that sees few whole images gets worse at them, so keep `probability` well below 1. Where a region
    was proven, take `ks.SwapRegions`.

    The maps are made of all training examples, as the callback makes those of its probes: by its first method, with its
    target, output, logits and seed. A target of None is the label where the probes have labels. The callback gives its
    settings alone: whether it looks at the same `fit` is as you like.

    Maps are made before the first update of every `fit`, and anew before epochs `every`, 2 · `every`, …: each time as
    many evaluations of the model, forward and backward, as the method needs for all examples, for `"gradient"` half an
    epoch's work or a little more. Of each example one bit is kept for each pixel of a map with no side longer than
    `side`: at most side² ÷ 8 bytes. Order, draws and ties follow `seed` and the epoch alone, whoever reads the batches
    in whichever order. No weight, random state or validation data is touched.

    Args:
        callback: whose settings make the maps.
        what: `"hot"` or `"cold"`.
        share: of the pixels of a small map that are hidden, rounded to whole ones; 0 hides nothing, and makes no map.
        every: epochs between two makings of the maps.
        probability: with which an image is masked in an epoch.
        side: of a small map at most, whose pixels are the means of those that they cover: a large image is hidden in
            squares.
        seed: of the private generators.

    Raises:
        ValueError, TypeError: an argument is wrong. In a `fit`, before the first update: the callback's settings cannot
            work with the model or the examples, or the `fit` does not read `batches`. Maps that cannot be made later
            are warned of, and those before stay.

    Example:
        >>> saliency = ks.SaliencyCallback(probes, "logs")
        >>> masks = ks.MaskSalient(saliency, "hot", share=0.1)
        >>> batches = masks.batches(images, labels, batch_size=4)
        >>> _ = model.fit(batches, epochs=2, verbose=0, callbacks=[saliency, masks])
        >>> hidden = masks.hidden([0, 1])
        >>> hidden.shape, hidden.sum(axis=(1, 2)).tolist()  # 14 of 144 pixels
        ((2, 12, 12), [14, 14])
    """

    def __init__(
        self,
        callback: SaliencyCallback,
        what: What = "hot",
        share: float = 0.1,
        every: int = 1,
        *,
        probability: float = 0.5,
        side: int = 32,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not isinstance(callback, SaliencyCallback):
            raise TypeError(
                "Expected a SaliencyCallback, whose method and target make the maps: "
                f"ks.MaskSalient(ks.SaliencyCallback(probes)). Received: callback={callback!r}"
            )
        if what not in get_args(What):
            raise ValueError(f'Expected what to be "hot" or "cold". Received: what={what!r}')
        self._callback = callback
        self.what: What = what
        self.share = real("share", share, least=0, below=1)
        self.every = whole("every", every, 1)
        self.probability = real("probability", probability, least=0, most=1)
        self.side = whole("side", side, 1)
        self.seed = whole("seed", seed, 0)
        self._batches: MaskedBatches | None = None
        self._made: WeakSet[MaskedBatches] = WeakSet()
        self._maps: ExampleMaps | None = None
        self._masks: SalientMasks | None = None
        self._told: set[str] = set()

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle has the same settings, and no examples."""
        names = ("what", "share", "every", "probability", "side", "seed")
        return _made_again, (self._callback, {name: getattr(self, name) for name in names})

    def __deepcopy__(self, memo: Any) -> MaskSalient:
        """A copy, as tuners make them, masks the same batches: the `fit` is given those."""
        made, given = self.__reduce__()
        copied: MaskSalient = made(*given)
        copied._batches, copied._made = self._batches, self._made
        return copied

    def batches(
        self, x: Any, y: Any = None, sample_weight: Any = None, *, batch_size: int = 32, shuffle: bool = True
    ) -> keras.utils.PyDataset:
        """The training examples for `model.fit(batches, callbacks=[masks])`, some of them masked.

        With `shuffle` every epoch has an order of its own, by the seed. `steps_per_epoch` reads so many batches of it;
        TensorFlow reads a few more ahead, which have the masks of the epoch before. `workers` can be set on what comes
        back: what they have read ahead when an epoch ends, or before the first one, Keras hands on to the next as it
        is. Augmentation belongs behind it: into layers of the model. Another call replaces this one.

        Args:
            x: what the model takes: an array `(n, …)` of numbers, integers too, a `numpy.memmap`, or a list or dict of
                arrays, of which the first image is masked.
            y: what it is trained to say, as `fit` takes it.
            sample_weight: of the examples.
            batch_size: examples in a batch.
            shuffle: whether their order is drawn.

        Raises:
            ValueError, TypeError: these are no arrays, or not as many examples in each.
        """
        made = MaskedBatches(x, y, sample_weight, whole("batch_size", batch_size, 1), shuffle=shuffle)
        self._made.add(made)
        self._batches, self._masks = made, None
        return made

    def hidden(self, rows: Any) -> np.ndarray:
        """The masks of these examples as they were made last, `(rows, height, width)` booleans.

        Args:
            rows: positions in `x`.

        Raises:
            ValueError: none were made yet.
        """
        if self._masks is None:
            raise ValueError("Expected a fit with this callback before: its masks are made there.")
        return self._masks.of(np.atleast_1d(rows))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Refuse what cannot work."""
        del logs
        batches = self._read
        self._end()
        self._masks = None
        self._maps = ExampleMaps(self.model, self._callback._settings, batches.images, batches.labels)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Make the masks, if it is time, and draw whom they hit."""
        del logs
        batches, maps = self._read, self._maps
        if maps is None:
            raise RuntimeError("A hook of MaskSalient was called before on_train_begin: call that one first.")
        if self.share and self.probability and (self._masks is None or epoch % self.every == 0):
            self._make(maps, epoch)
        order = np.arange(batches.count)
        drawn = self._rng(epoch, "drawn").random(batches.count) < self.probability
        if batches.is_shuffled:
            self._rng(epoch, "order").shuffle(order)
        batches.begin(Epoch(order, drawn, self._masks, maps.position, maps.channel_axis))

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Refuse a `fit` that reads something else."""
        del batch, logs
        if not self._read.was_read:
            self._end()
            raise ValueError(
                "Expected a fit that reads the batches of its MaskSalient: model.fit(masks.batches(x, y), "
                "callbacks=[masks]). Received: other examples, of which nothing would be masked"
            )

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """What is evaluated is not masked."""
        del logs
        self._tell_all(is_testing=True)

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """The training goes on."""
        del logs
        self._tell_all(is_testing=False)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Give the batches back as they were."""
        del logs
        self._end()

    def _end(self) -> None:
        """No `fit` is under way: one that broke off did not say so."""
        self._maps = None
        for batches in self._made:
            batches.end()

    def _tell_all(self, *, is_testing: bool) -> None:
        for batches in self._made:
            batches.is_testing = is_testing

    @property
    def _read(self) -> MaskedBatches:
        if self._batches is None:
            raise ValueError(
                "Expected examples to mask: model.fit(masks.batches(x, y), callbacks=[masks]). Received: none"
            )
        return self._batches

    def _make(self, maps: ExampleMaps, epoch: int) -> None:
        """Make the masks; where that fails and there are others, keep those."""
        _ = self.model  # on JAX this brings the model's weights up to date
        try:
            made = SalientMasks.of_maps(maps, self.what, self.share, self.side, self._rng(epoch, "ties"))
        except Exception as error:
            if self._masks is None:
                raise
            self._tell(
                f"The masks of epoch {epoch} could not be made, and those before stay: {error}", "lost"
            )
            return
        self._masks = made
        if unknown := int((~made.known).sum()):
            self._tell(
                f"{unknown} of {len(made.known)} training examples have a map that is constant or not finite at epoch "
                f"{epoch}: they are not masked.",
                "unknown",
            )

    def _tell(self, sentence: str, kind: str) -> None:
        """Warn once of each kind."""
        if kind not in self._told:
            self._told.add(kind)
            warn(f"MaskSalient: {sentence}")

    def _rng(self, epoch: int, purpose: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, epoch, *purpose.encode()])


def _made_again(callback: SaliencyCallback, settings: dict[str, Any]) -> MaskSalient:
    return MaskSalient(callback, **settings)
