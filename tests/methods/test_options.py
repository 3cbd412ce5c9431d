"""What each method is by default: these numbers are promises, as stored maps and golden files rest on them."""

import pytest

from keras_saliency.methods import METHODS

IG = "IntegratedGradients(steps='auto', baseline={}, quadrature='auto', tolerance=0.02, max_steps=256, sigma=0.1, "
LAYER, NOISY = "layer='auto', grid='auto', ", "method=Gradient(name='gradient'), samples=24, noise=0.15, "
DEFAULTS = {
    "activations": f"Activations({LAYER}",
    "attention_map": "AttentionMap(layer='auto', head='mean', grid='auto', ",
    "attention_rollout": "AttentionRollout(grid='auto', ",
    "blur_integrated_gradients": "BlurIntegratedGradients(steps=32, sigma=0.2, ",
    "deconvnet": "DeconvNet(",
    "eigen_cam": f"EigenCAM({LAYER}",
    "expected_gradients": "ExpectedGradients(references=None, samples=50, ",
    "grad_cam": f"GradCAM({LAYER}relu=True, ",
    "grad_cam_plus_plus": f"GradCAMPlusPlus({LAYER}",
    "gradient": "Gradient(",
    "guided_backprop": "GuidedBackprop(",
    "guided_grad_cam": f"GuidedGradCAM({LAYER}",
    "guided_integrated_gradients": (
        "GuidedIntegratedGradients(steps=50, baseline=0.0, fraction=0.25, max_distance=0.02, "
    ),
    "hires_cam": f"HiResCAM({LAYER}",
    "input_x_gradient": "InputXGradient(",
    "integrated_gradients": IG.format("0.0"),
    "layer_cam": f"LayerCAM({LAYER}",
    "legrad": "LeGrad(grid='auto', ",
    "occlusion": "Occlusion(patch=None, stride=None, fill=0.0, ",
    "rise": "RISE(samples=1000, cells=7, probability=0.5, fill=0.0, ",
    "score_cam": f"ScoreCAM({LAYER}channels=None, ",
    "smoothgrad": f"SmoothGrad({NOISY}tolerance=None, ",
    "smoothgrad_squared": f"SmoothGradSquared({NOISY}",
    "transformer_attribution": "TransformerAttribution(grid='auto', ",
    "vargrad": f"VarGrad({NOISY}",
    "xrai": "XRAI(method=" + IG.format("('min', 'max')") + "name='integrated_gradients'), ",
}
SIGNED = {
    *(
        "blur_integrated_gradients",
        "deconvnet",
        "expected_gradients",
        "gradient",
        "guided_backprop",
        "guided_grad_cam",
    ),
    *(
        "guided_integrated_gradients",
        "hires_cam",
        "input_x_gradient",
        "integrated_gradients",
        "occlusion",
        "rise",
    ),
    *("smoothgrad", "xrai"),
}
WITHOUT_TARGET = {"activations", "attention_map", "attention_rollout", "eigen_cam"}


@pytest.mark.parametrize("name", METHODS.built_in())
def test_defaults(name):
    method = METHODS.find(name)()
    assert repr(method) == f"{DEFAULTS[name]}name={name!r})"
    assert method.is_gradient == (name == "gradient")  # of the others none is the slope of the score
    assert method.has_sign == (name in SIGNED)
    assert method.uses_target == (name not in WITHOUT_TARGET)
