import subprocess
import sys


def test_pictures_need_neither_keras_nor_matplotlib():
    heavy = "{'keras', 'tensorflow', 'jax', 'torch', 'matplotlib', 'scipy'}"
    code = f"import sys, keras_saliency.render; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_list_is_what_there_is():
    from keras_saliency import render

    assert all(hasattr(render, name) for name in render.__all__)
