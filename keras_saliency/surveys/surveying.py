"""`survey`: what a network looks at in a whole data set."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import optree

from keras_saliency.arguments import local_path, whole
from keras_saliency.engine.layout import Layout
from keras_saliency.engine.pixels import doubt_about
from keras_saliency.engine.versions import versions
from keras_saliency.errors import SaliencyWarning
from keras_saliency.methods import Method, make_method
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.fields import as_mask
from keras_saliency.probes.pictures import is_path
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult
from keras_saliency.surveys.class_maps import class_maps
from keras_saliency.surveys.examples import Chunk, Source
from keras_saliency.surveys.experiments import judge
from keras_saliency.surveys.folder import Work, described, working_in
from keras_saliency.surveys.measuring import Measurer
from keras_saliency.surveys.on_ray import Pass, settings_of
from keras_saliency.surveys.page.examples import drawn_examples
from keras_saliency.surveys.page.findings import Findings
from keras_saliency.surveys.page.folder import write_page
from keras_saliency.surveys.parts import Parts, Rows
from keras_saliency.surveys.progress import Tell, told
from keras_saliency.surveys.strategies.strategies import find_strategies
from keras_saliency.surveys.survey import Survey
from keras_saliency.surveys.table import write_maps, write_table

MOST, MOST_BYTES = 1024, 2**26
"""Examples, and bytes of them, in one part."""

_FIRST = 8
"""So many examples tell whether all can work."""

_NEEDED = ("pyarrow", "zarr", "sklearn")


def survey(
    model: Any,
    dataset: Any,
    out: str | Path = "survey/",
    *,
    method: str | Method = "gradient",
    target: Any = None,
    regions: Mapping[str, Any] | None = None,
    limit: int | None = None,
    on: str | Mapping[str, Any] | None = None,
    progress: bool = True,
    output: str | int | None = None,
    logits: str = "auto",
    channel_axis: int | None = None,
    maps: bool = True,
    store_images: bool = True,
    seed: int = 0,
) -> Survey:
    """What a network looks at in a whole data set: a row for each example, strategies, and experiments on them.

    The data set is read chunk by chunk, whatever its size. What is measured stays: after Ctrl-C or a crash the same
    call goes on, and a finished survey is read again. Needs `keras_saliency[survey]`. Costs the maps of all examples
    and a pass over them; for each suspect some 100 images more (docs/survey.md).

    Args:
        model: a Keras model on any backend. Nothing of it is changed.
        dataset: `(x, y)`, `x` (arrays, or what looks like them, such as memory maps), a `ProbeSet`, a folder of
            pictures with a folder for each class, a list of files, a `tf.data.Dataset`, a `PyDataset`, a `DataLoader`,
            or a Ray data set. It must give the same images at every pass, in any order: leave augmentation out.
        out: the folder of the survey, empty or new.
        method: whose maps are compared: a name or a method.
        target: what is explained, see `ks.explain`; the same for all examples.
        regions: masks `(height, width)` by name, in the size of the maps: the table gets the enrichment of each.
        limit: so many examples are looked at: pictures by a hash of their path, others by one of their content, the
            same whatever order they come in.
        on: None: on this machine; `"ray"`: on a Ray cluster, see docs/survey.md; or settings of its workers, which go
            to `map_batches` of Ray Data: `{"num_gpus": 1, "compute": ray.data.ActorPoolStrategy(size=4)}`.
        progress: whether a line on stderr says how far it has come and how long it will take.
        output: the name or position of the output, for models with several.
        logits: see `ks.explain`.
        channel_axis: where the images have their channels, see `ks.ProbeSet`; None: the model tells.
        maps: whether the small map of each example is kept.
        store_images: False: no picture is written, not for a moment; then strategies are told by places alone.
        seed: of every private generator.

    Raises:
        ImportError: a package is missing; the sentence says how to install it.
        FileExistsError, UnwritableFolderError: the folder holds something else, or is in use.
        ValueError, TypeError: an argument is wrong; the folder holds the survey of another model or data set; or
            examples do not fit together, in the middle of the pass too.
        LogitsNotFoundError, ModelRejectedInputsError, NoGradientError: the model cannot be explained at all.

    Example:
        >>> survey = ks.survey(model, (images, labels), "survey", progress=False)
        >>> sorted(survey.table(["id", "label", "prediction", "gini"]))
        ['gini', 'id', 'label', 'prediction']
        >>> survey.class_maps().mean.shape
        (3, 12, 12)
    """
    require_packages()
    seed = whole("seed", seed, 0)
    limit = None if limit is None else whole("limit", limit, 1, otherwise="None")
    workers = settings_of(on)
    folder = _folder(out, dataset)
    source = Source.of(model, dataset, target)
    measurer = Measurer(
        model,
        make_method(method),
        target=target,
        output=output,
        logits=logits,
        channel_axis=_axis(channel_axis, source),
        regions=_regions(regions, dataset),
        pictures=store_images,
        seed=seed,
    )
    first = source.first(_FIRST)
    layout = measurer.inspect(first).layout
    if doubt := doubt_about(model, optree.tree_leaves(first.images)[layout.picture or 0]):
        warnings.warn(doubt, SaliencyWarning, stacklevel=2)
    size = measurer.chunk_size(first, min(MOST, MOST_BYTES * len(first) // _bytes(first.images)))
    with working_in(folder, _settings(measurer, source, limit=limit, maps=maps)) as work:
        seconds: dict[str, float] = {}
        with _timed(seconds, "measuring"), told("Looking", source.count, shown=progress) as tell:
            if limit is not None:
                source.choose(limit)
            measure(source, measurer, work, size, tell, workers=workers)
        if work.finished is not None:
            work.end()  # it may have been killed before
            return work.finished
        return _finished(source, measurer, work, layout, seconds, maps=maps, progress=progress)


def require_packages() -> None:
    """Raise `ImportError` where a package is missing."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise ImportError(f'A survey needs {", ".join(missing)}: pip install "keras_saliency[survey]"')


def measure(
    source: Source,
    measurer: Measurer,
    work: Work,
    size: int,
    tell: Tell,
    *,
    workers: Mapping[str, Any] | None = None,
) -> None:
    """Write a part for each chunk of the examples that are not measured yet; a finished survey has none.

    With settings of `workers` a Ray cluster does it.
    """
    known = work.known
    chunks = source.chunks(size, known, tell)
    if work.finished is not None:
        for chunk in chunks:
            raise ValueError(
                f"The survey in {work.folder} is finished, and of another data set: it lacks examples of this one, "
                f"such as {chunk.ids[0]}. Choose another folder, or delete it."
            )
        return
    try:
        if workers is None:
            _write(chunks, measurer, work.parts, tell)
        else:
            Pass(source, measurer, work.parts, size, known).measure(workers, tell)
    except KeyboardInterrupt as interrupt:
        of_all = "" if source.count is None else f" of {source.count:,}"
        interrupt.add_note(
            f"{len(work.parts):,}{of_all} examples are measured, in {work.folder}: the same call goes on from there."
        )
        raise


def _write(chunks: Iterator[Chunk], measurer: Measurer, parts: Parts, tell: Tell) -> None:
    """While the model looks at a chunk, the rows of the one before are made and written."""

    def write(rows: Callable[[], Rows], count: int) -> None:
        parts.write(rows())
        tell(count)

    with ThreadPoolExecutor(1) as writer:
        writing = None
        for chunk in chunks:
            rows = measurer.ask(chunk)
            if writing is not None:
                writing.result()
            writing = writer.submit(write, rows, len(chunk))
        if writing is not None:
            writing.result()


def _finished(
    source: Source,
    measurer: Measurer,
    work: Work,
    layout: Layout,
    seconds: dict[str, float],
    *,
    maps: bool,
    progress: bool,
) -> Survey:
    """The survey of what was measured, written as a whole: `survey.json` comes last."""
    unreadable, unreadable_count = tuple(source.unreadable), source.unreadable_count
    with _timed(seconds, "strategies"), told("Finding strategies", None, shown=progress):
        strategies, assigned = find_strategies(work.parts, measurer.seed)
    with _timed(seconds, "experiments"), told("Trying suspects", None, shown=progress):
        results = judge(strategies, measurer, source, work.parts, assigned)
    with _timed(seconds, "writing"):
        write_table(work.folder, work.parts, assigned)
        write_maps(work.folder, work.parts, class_maps(work.parts), strategies, each=maps)
    made = Survey(
        path=work.folder,
        strategies=strategies,
        report=_report(results, measurer, work, seconds),
        settings=work.settings,
        examples=len(work.parts),
        unreadable=unreadable,
        unreadable_count=unreadable_count,
        class_names=source.class_names,
        seconds=seconds,
    )
    shown = drawn_examples(strategies, work.parts, source if measurer.pictures else None, layout)
    write_page(Findings(made, shown))
    made.save()
    work.end()
    return made


def _report(
    results: tuple[CheckResult, ...], measurer: Measurer, work: Work, seconds: Mapping[str, float]
) -> Report:
    keys = np.sort(work.parts.columns(["key"])["key"].astype("U16"))
    if not measurer.pictures:
        results = tuple(replace(result, pictures={}) for result in results)
    return Report(
        results=results,
        model=measurer.model.name,
        method=measurer.method.name,
        fingerprint=sha256("".join(keys).encode()).hexdigest(),
        probes=len(keys),
        versions=versions(),
        seed=measurer.seed,
        evaluations=measurer.scored.evaluations,
        seconds=sum(seconds.values()),
    )


def _settings(measurer: Measurer, source: Source, *, limit: int | None, maps: bool) -> dict[str, Any]:
    """What makes a survey another one, JSON-ready."""
    return {
        "weights": measurer.scored.weights_fingerprint(),
        "data": described(source.described()),
        "method": described(measurer.method),
        "target": described(measurer.target),
        "output": measurer.output,
        "logits": measurer.logits,
        "channel_axis": measurer.channel_axis,
        "regions": described(measurer.regions),
        "limit": limit,
        "side": measurer.side,
        "seed": measurer.seed,
        "maps": maps,
        "store_images": measurer.pictures,
    }


def _folder(out: str | Path, dataset: Any) -> Path:
    folder = local_path("out", out, "the path of a folder").absolute()
    given = dataset if isinstance(dataset, (list, tuple)) else [dataset]
    for path in map(Path, given) if is_path(dataset) else ():
        if folder.resolve().is_relative_to(path.resolve()):
            raise ValueError(
                f"Expected out outside of the pictures, which are in {path}. Received: out={str(out)!r}"
            )
    return folder


def _regions(regions: Mapping[str, Any] | None, dataset: Any) -> dict[str, np.ndarray]:
    """The masks, those of a probe set too; whether they have the size of the maps is asked later."""
    own = dataset.regions if isinstance(dataset, ProbeSet) else {}
    masks = {name: as_mask(name, mask).astype(bool) for name, mask in {**own, **(regions or {})}.items()}
    if empty := [name for name, mask in masks.items() if not mask.any()]:
        raise ValueError(f"Expected region {empty[0]!r} to hold at least one pixel. Received: an empty mask")
    return masks


def _axis(given: int | None, source: Source) -> int | None:
    if None not in (given, source.channel_axis) and given != source.channel_axis:
        raise ValueError(
            f"Expected the axis that the data set says, {source.channel_axis}, or None. "
            f"Received: channel_axis={given!r}"
        )
    return source.channel_axis if given is None else given


def _bytes(images: Any) -> int:
    return max(1, sum(int(leaf.nbytes) for leaf in optree.tree_leaves(images)))


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started
