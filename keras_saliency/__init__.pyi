"""The public names, one a line, from the modules that define them: the one list, which `__init__.py` reads."""

from keras_saliency.checks.accuracy import Accuracy as Accuracy
from keras_saliency.checks.completeness import Completeness as Completeness
from keras_saliency.checks.faithfulness import Faithfulness as Faithfulness
from keras_saliency.checks.finite import Finite as Finite
from keras_saliency.checks.finite_difference import FiniteDifference as FiniteDifference
from keras_saliency.checks.gate.runner import check as check
from keras_saliency.checks.golden import Golden as Golden
from keras_saliency.checks.input_dependence import InputDependence as InputDependence
from keras_saliency.checks.nonzero import Nonzero as Nonzero
from keras_saliency.checks.parameter_randomization import ParameterRandomization as ParameterRandomization
from keras_saliency.checks.random_logit import RandomLogit as RandomLogit
from keras_saliency.checks.region import Region as Region
from keras_saliency.checks.repeatability import Repeatability as Repeatability
from keras_saliency.checks.stability import Stability as Stability
from keras_saliency.checks.target_dependence import TargetDependence as TargetDependence
from keras_saliency.checks.unexpected_content import UnexpectedContent as UnexpectedContent
from keras_saliency.checks.unexpected_region import UnexpectedRegion as UnexpectedRegion
from keras_saliency.checks.untrained import Untrained as Untrained
from keras_saliency.engine.scored_model import ScoredModel as ScoredModel
from keras_saliency.errors import CheckDoesNotApplyError as CheckDoesNotApplyError
from keras_saliency.errors import ChecksFailedError as ChecksFailedError
from keras_saliency.errors import LogitsNotFoundError as LogitsNotFoundError
from keras_saliency.errors import MethodDoesNotApplyError as MethodDoesNotApplyError
from keras_saliency.errors import ModelRejectedInputsError as ModelRejectedInputsError
from keras_saliency.errors import NeedsSettingError as NeedsSettingError
from keras_saliency.errors import NoGradientError as NoGradientError
from keras_saliency.errors import PluginError as PluginError
from keras_saliency.errors import SaliencyError as SaliencyError
from keras_saliency.errors import SaliencyWarning as SaliencyWarning
from keras_saliency.errors import SeamError as SeamError
from keras_saliency.errors import UnreadableFileError as UnreadableFileError
from keras_saliency.errors import UnwritableFolderError as UnwritableFolderError
from keras_saliency.explanation.explaining import explain as explain
from keras_saliency.explanation.explanation import Explanation as Explanation
from keras_saliency.looks.look import Look as Look
from keras_saliency.looks.reading import load_looks as load_looks
from keras_saliency.looks.show import show as show
from keras_saliency.methods.activations import Activations as Activations
from keras_saliency.methods.attention_map import AttentionMap as AttentionMap
from keras_saliency.methods.attention_rollout import AttentionRollout as AttentionRollout
from keras_saliency.methods.blur_integrated_gradients import (
    BlurIntegratedGradients as BlurIntegratedGradients,
)
from keras_saliency.methods.deconvnet import DeconvNet as DeconvNet
from keras_saliency.methods.eigen_cam import EigenCAM as EigenCAM
from keras_saliency.methods.expected_gradients import ExpectedGradients as ExpectedGradients
from keras_saliency.methods.grad_cam import GradCAM as GradCAM
from keras_saliency.methods.grad_cam_plus_plus import GradCAMPlusPlus as GradCAMPlusPlus
from keras_saliency.methods.gradient import Gradient as Gradient
from keras_saliency.methods.guided_backprop import GuidedBackprop as GuidedBackprop
from keras_saliency.methods.guided_grad_cam import GuidedGradCAM as GuidedGradCAM
from keras_saliency.methods.guided_integrated_gradients import (
    GuidedIntegratedGradients as GuidedIntegratedGradients,
)
from keras_saliency.methods.hires_cam import HiResCAM as HiResCAM
from keras_saliency.methods.input_x_gradient import InputXGradient as InputXGradient
from keras_saliency.methods.integrated_gradients import IntegratedGradients as IntegratedGradients
from keras_saliency.methods.layer_cam import LayerCAM as LayerCAM
from keras_saliency.methods.legrad import LeGrad as LeGrad
from keras_saliency.methods.occlusion import Occlusion as Occlusion
from keras_saliency.methods.rise import RISE as RISE
from keras_saliency.methods.score_cam import ScoreCAM as ScoreCAM
from keras_saliency.methods.smoothgrad import SmoothGrad as SmoothGrad
from keras_saliency.methods.smoothgrad_squared import SmoothGradSquared as SmoothGradSquared
from keras_saliency.methods.transformer_attribution import TransformerAttribution as TransformerAttribution
from keras_saliency.methods.vargrad import VarGrad as VarGrad
from keras_saliency.methods.xrai import XRAI as XRAI
from keras_saliency.probes.probe_set import ProbeSet as ProbeSet
from keras_saliency.probes.targets import ClassIndex as ClassIndex
from keras_saliency.probes.targets import Label as Label
from keras_saliency.probes.targets import OutputGradient as OutputGradient
from keras_saliency.probes.targets import PerImage as PerImage
from keras_saliency.probes.targets import PixelsOf as PixelsOf
from keras_saliency.probes.targets import Predicted as Predicted
from keras_saliency.reports.report import Report as Report
from keras_saliency.reports.result import CheckResult as CheckResult
from keras_saliency.surveys.survey import Survey as Survey
from keras_saliency.surveys.surveying import survey as survey
from keras_saliency.training.callback import SaliencyCallback as SaliencyCallback
from keras_saliency.training.repair.right_reasons import RightReasons as RightReasons
from keras_saliency.training.repair.swap_regions import SwapRegions as SwapRegions
from keras_saliency.training.schedule import Batches as Batches

__version__: str

HOMES: dict[str, str]
