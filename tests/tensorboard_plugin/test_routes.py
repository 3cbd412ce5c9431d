"""Every route, through TensorBoard's own application, on both of its loaders."""
import gzip
import pytest
from keras_saliency import records

def test_smoke(page, logs):
    p = page(logs)
    r = p.json("runs")
    import json
    print(json.dumps(r, ensure_ascii=False)[:3000])
    l = p.json("looks", run="a/saliency", method="gradient")
    print(json.dumps(l)[:1500])
    print(len(p.get("probes", run="a/saliency").data), p.get("maps", run="a/saliency", method="gradient", step=3).headers)
    print(p.json("checks", run="a/saliency"), p.json("maps", 404, run="a/saliency", method="gradient", step=99))
