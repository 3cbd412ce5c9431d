"""Checks of trained models as tests: the fixture `saliency_check` and the marker `saliency`.

pytest loads this in every run of every project that has keras_saliency installed, so it imports pytest, our errors
and what makes text visible, and nothing else until a test asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from keras_saliency.arguments import local_path
from keras_saliency.errors import SaliencyError
from keras_saliency.terminal import visible

if TYPE_CHECKING:
    from keras_saliency.checks.gate.config import Config
    from keras_saliency.checks.gate.suites import Chosen
    from keras_saliency.checks.shared.subject import Subject
    from keras_saliency.probes import ProbeSet
    from keras_saliency.reports.report import Report
    from keras_saliency.reports.result import CheckResult

_HELP = (
    'saliency(model, probes, checks="quick", config=None, **settings): one test per check of a trained model, '
    "through the fixture saliency_result. `model`: a file, a model, or a function that makes one; `probes`: a file "
    "or a ks.ProbeSet; `config`: a saliency.toml; settings: as in it. Paths start from pytest's root folder."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of this plugin."""
    group = parser.getgroup("saliency", "checks of trained models")
    group.addoption(
        "--saliency-artifacts",
        metavar="DIR",
        help="write the pictures of checks that did not pass below DIR, and the page of each report",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known; refuse a file in the place of the folder."""
    config.addinivalue_line("markers", _HELP)
    folder = config.getoption("--saliency-artifacts")
    if folder is None:
        return
    try:
        path = local_path("--saliency-artifacts", folder)
    except ValueError as error:
        raise pytest.UsageError(visible(str(error))) from error
    if path.exists() and not path.is_dir():
        raise pytest.UsageError(visible(f"Expected --saliency-artifacts to be a folder. Received: {folder}"))


@pytest.fixture
def saliency_check(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """`ks.check` that fails the test, with the report, unless the report passed. Takes what `ks.check` takes.

    Example:
        >>> def test_attention(saliency_check):
        ...     saliency_check(model, probes, checks=["structure", ks.Region("corner")])
    """

    def check(model: Any, probes: ProbeSet, checks: Any = "quick", **settings: Any) -> Report:
        __tracebackhide__ = True
        from keras_saliency.checks.gate.runner import check as make_report

        try:
            report = make_report(model, probes, checks, **settings)
        except SaliencyError as error:
            raise _failed(f"The checks could not be made. {type(error).__name__}: {error}") from None
        request.node.add_report_section("call", "saliency", str(report))
        for result in report.results:
            request.node.user_properties.append((f"saliency_{visible(result.name)}", report.verdict(result)))
        if not report.passed:
            where = _keep(request.node, report.failures, page=report)
            pytest.fail(f"{visible(f'The checks did not pass.{where}')}\n{report}", pytrace=False)
        return report

    return check


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per check for a function that asks for `saliency_result`."""
    if "saliency_result" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("saliency")
    if marker is None:
        pytest.fail(
            'saliency_result needs the marker @pytest.mark.saliency(model="model.keras", probes="probes.npz").',
            pytrace=False,
        )
    try:
        trial = _Trial(marker, metafunc.config.rootpath)
    except (ValueError, TypeError, OSError, ImportError) as error:
        raise _failed(f"@pytest.mark.saliency: {error}") from None
    cases = [_Case(trial, one) for one in trial.checks]
    metafunc.parametrize("saliency_result", cases, indirect=True, ids=[case.chosen.name for case in cases])


@pytest.fixture
def saliency_result(request: pytest.FixtureRequest) -> CheckResult:
    """The result of one check; the test fails after its own body if the check failed.

    Example:
        >>> import pytest
        >>> @pytest.mark.saliency(model="cats.keras", probes="probes.npz", checks="quick")
        ... def test_attention_check(saliency_result):
        ...     assert saliency_result.seconds < 60
    """
    __tracebackhide__ = True
    case: _Case = request.param
    try:
        result = case.result()
    except SaliencyError as error:
        raise _failed(f"The check could not be made. {type(error).__name__}: {error}") from None
    sentence = visible(result.sentence)
    request.node.add_report_section("call", "saliency", f"{result.status}: {sentence}")
    if result.status == "skipped":
        pytest.skip(sentence)
    if result.status == "errored":
        raise _failed(f"The check {result.name} could not be made. {sentence}")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> Iterator[None]:
    """Fail the test of a check that failed, in its call, where a test fails, and not in its fixtures."""
    outcome = yield
    if "saliency_result" in pyfuncitem.fixturenames:
        case: _Case = pyfuncitem.callspec.params["saliency_result"]
        result: CheckResult = pyfuncitem.funcargs["saliency_result"]
        if case.is_waived(result):
            pytest.xfail(visible(result.sentence))
        if result.status == "failed" and not case.fails(result):
            pytest.xfail(
                visible(f"{result.sentence} It is about the maps: it does not count against the model.")
            )
        if case.fails(result):
            where = _keep(pyfuncitem, [result])
            raise _failed(f"{result.name} {result.status}: {result.sentence}{where}")
    return outcome


def _failed(said: str) -> BaseException:
    """What fails a test with these words of ours and others, on one line and without a traceback."""
    return pytest.fail.Exception(visible(said), pytrace=False)


class _Trial:
    """A model and its probes, loaded when they are needed: the probes and the names of the checks at once."""

    def __init__(self, marker: pytest.Mark, root: Path) -> None:
        self._model, probes, self.config = _settings(marker, root)
        self.probes: ProbeSet = self.config.with_masks(probes)
        self.checks = _chosen(self.config, self.probes)
        self.regions = _regions(self.checks, self.probes)
        self._subject: Subject | None = None

    def subject(self) -> Subject:
        """The model under examination, loaded at first use and shared by all tests of this marker."""
        if self._subject is None:
            self._subject = _subject(self._model, self.probes, self.config)
        return self._subject


class _Case:
    """One check of a trial."""

    def __init__(self, trial: _Trial, chosen: Chosen) -> None:
        self.trial, self.chosen = trial, chosen

    def result(self) -> CheckResult:
        """The result, its sentence with what a waiver says."""
        from datetime import date

        from keras_saliency.arguments import told_to
        from keras_saliency.checks.gate.runner import run_checks

        with told_to("settings"):
            (result,) = run_checks((self.chosen,), self.trial.subject())
        for waiver in self.trial.config.waivers:
            result = waiver.note(result, date.today(), self.trial.regions)
        return result

    def is_waived(self, result: CheckResult) -> bool:
        """Whether the result would count against the model and does not, as the team has agreed."""
        from datetime import date

        today = date.today()
        waivers, regions = self.trial.config.waivers, self.trial.regions
        return any(waiver.applies(result, regions) and waiver.holds(today) for waiver in waivers)

    def fails(self, result: CheckResult) -> bool:
        """Whether the result fails its test."""
        from keras_saliency.reports.verdicts import fails

        return fails(result, self.trial.config.fail_on)


def _settings(marker: pytest.Mark, root: Path) -> tuple[Any, ProbeSet, Config]:
    """The model (or how to get it), the probes and the config that a marker gives."""
    from keras_saliency.checks.gate.config import Config, read_config
    from keras_saliency.probes import ProbeSet

    given: Mapping[str, Any] = marker.kwargs
    if marker.args or not {"model", "probes"} <= given.keys():
        raise TypeError('Expected model="model.keras" and probes="probes.npz", by name.')
    config = read_config(root / given["config"]) if "config" in given else Config()
    settings = {name: value for name, value in given.items() if name not in ("model", "probes", "config")}
    wanted = Config.of(settings).beside(root)
    config = replace(config, **{name: getattr(wanted, name) for name in settings})
    model, probes = given["model"], given["probes"]
    if isinstance(probes, (str, Path)):
        probes = ProbeSet.load(root / probes)
    if not isinstance(probes, ProbeSet):
        raise TypeError(f"Expected probes to be a file or a ks.ProbeSet. Received: {type(probes).__name__}")
    return root / model if isinstance(model, (str, Path)) else model, probes, config


def _chosen(config: Config, probes: ProbeSet) -> tuple[Chosen, ...]:
    from keras_saliency.checks.gate.suites import make_checks

    return make_checks(config.items(probes), probes)


def _regions(chosen: tuple[Chosen, ...], probes: ProbeSet) -> Mapping[str, Any]:
    from keras_saliency.checks.gate.waivers import regions_of

    return regions_of(chosen, probes)


def _subject(model: Any, probes: ProbeSet, config: Config) -> Subject:
    from inspect import isfunction

    from keras_saliency.checks.shared.subject import Subject
    from keras_saliency.engine.model_files import load_model
    from keras_saliency.methods import make_method

    if isinstance(model, Path):
        model = load_model(model, config.imports)
    elif isfunction(model):
        model = model()
    method = make_method(config.method, config.method_options)
    return Subject.of(
        model,
        probes,
        method,
        target=config.target,
        output=config.output,
        logits=config.logits,
        seed=config.seed,
    )


def _keep(node: pytest.Item, results: Any, page: Report | None = None) -> str:
    """Write the pictures of results, and a page, where the user wants them; where that is, for a person."""
    folder = node.config.getoption("--saliency-artifacts")
    if folder is None:
        return ""
    from keras_saliency.records.file_names import file_name
    from keras_saliency.records.whole_file import replace_file
    from keras_saliency.render import to_png

    below = Path(folder, _folder_name(node.nodeid))
    below.mkdir(parents=True, exist_ok=True)
    for result in results:
        for name, picture in result.pictures.items():
            replace_file(below / f"{file_name(f'{result.name}_{name}')}.png", to_png(picture))
    if page is not None:
        page.to_html(below / "report.html")
    return f" Pictures: {below}"


def _folder_name(nodeid: str) -> str:
    """The name of a test as that of a folder; tests whose names differ in marks alone have folders of their own."""
    from hashlib import sha256

    from keras_saliency.records.file_names import file_name

    digest = sha256(nodeid.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    readable = re.sub(r"[^\w.-]+", "_", nodeid)[:100]
    return file_name(f"{readable}-{digest}")
