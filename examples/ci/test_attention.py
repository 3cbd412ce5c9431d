"""The same checks as tests: one test per check, so that every test report shows them."""

import pytest


@pytest.mark.saliency(model="model.keras", probes="probes.npz", config="saliency.toml")
def test_attention(saliency_result):
    """Fails if the check fails. What else should hold of its result can be asserted here."""
