from pathlib import Path

from keras_saliency.training.summary import Summary


def summary(**given):
    settings = {
        "looks": 12,
        "written": 0,
        "left_out": 0,
        "lost": {},
        "seconds": 1.5,
        "percent": 5.0,
        "due": 12,
    }
    return Summary(folder=Path("logs/saliency"), **{**settings, **given})


def test_nothing_is_said_of_what_did_not_happen():
    said = str(summary(written=2_500_000))
    assert said == "keras_saliency: 12 looks in 1.5 s (5.0 % of the training), 2.5 MB in logs/saliency"


def test_what_share_of_the_looks_was_left_out():
    assert "; 3 of 12 looks (25 %) left out to keep within max_disk" in str(summary(left_out=3))


def test_what_was_lost_and_what_failed_last():
    said = str(
        summary(looks=11, lost={"grad_cam": 6, "the look": 1}, last_loss="the look after\nepoch 9: \x1b")
    )
    assert said.endswith(
        "; lost: grad_cam at 6 of 12 looks (50 %), the look at 1 of 12 looks (8 %); the last loss: the look after "
        "epoch 9: \\x1b"
    )


def test_a_writer_that_also_fails_when_it_is_closed_loses_no_more_than_all():
    assert "lost: folder at 12 of 12 looks (100 %);" in str(summary(lost={"folder": 13}))
