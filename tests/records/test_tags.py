import pytest

from keras_saliency import records


def test_tags():
    assert records.PLUGIN_NAME == "saliency"
    assert records.PROBES_TAG == "saliency/probes"
    assert records.SETTINGS_TAG == "saliency/settings"
    assert records.CHECKS_TAG == "saliency/checks"
    assert records.PROBE_ACCURACY_TAG == "saliency/probe_accuracy"
    assert records.maps_tag("gradient") == "saliency/gradient/maps"
    assert records.sheet_tag("gradient") == "saliency/gradient/sheet"
    assert records.number_tag("gradient", "drift") == "saliency/gradient/drift"


@pytest.mark.parametrize("method", ["gradient", "a/maps", "maps", "猫 <b>", "saliency/x/maps"])
def test_the_method_of_a_tag(method):
    assert records.method_of(records.maps_tag(method)) == method


@pytest.mark.parametrize(
    "tag",
    ["", "saliency/probes", "saliency/maps", "saliency//maps", "x/gradient/maps", "saliency/gradient/sheet"],
)
def test_the_tag_of_no_method(tag):
    assert records.method_of(tag) is None
