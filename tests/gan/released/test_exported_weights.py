import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from dcgan_probe.gan import Probe, Run, export_weights, import_weights, train
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")


@pytest.fixture
def run(trained_run):
    return trained_run(images=40)


def test_a_run_comes_back_rounded_to_16_bits(tmp_path, run):
    written = export_weights(run, tmp_path / "out", 4_000)
    assert [path.name for path in written[:2]] == ["weights-01.part", "weights-02.part"]
    assert max(path.stat().st_size for path in written[:-1]) <= 4_000
    again = import_weights(tmp_path / "out", tmp_path / "again")
    trained_on = replace(run.trained_on, source="tiny (train)")  # no path on the machine that trained it
    assert (again.config, again.trained_on, again.position()) == (run.config, trained_on, 40)
    for ours, theirs in ((again.discriminator(), run.discriminator()), (again.generator(), run.generator())):
        expected = theirs.state_dict()
        for name, array in ours.state_dict().items():
            rounded = expected[name].numpy().astype(np.float16) if array.is_floating_point() else expected[name].numpy()
            np.testing.assert_array_equal(array.numpy(), rounded.astype(array.numpy().dtype), err_msg=name)


def test_the_average_is_exported_as_the_generator(tmp_path, tiny_config, tiny_images):
    train(tiny_config(images=40, ema=20), tiny_images(), tmp_path / "run", device=CPU)
    export_weights(Run(tmp_path / "run"), tmp_path / "out")
    again = import_weights(tmp_path / "out", tmp_path / "again")
    expected = Run(tmp_path / "run").load()["average"]["project.weight"]
    torch.testing.assert_close(again.generator().project.weight.detach(), expected, rtol=1e-3, atol=1e-6)


def test_a_changed_byte_is_reported(tmp_path, run):
    path = export_weights(run, tmp_path / "out")[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"do not form a checkpoint: a file is missing, corrupt or of another run"):
        import_weights(tmp_path / "out", tmp_path / "again")


def test_more_pieces_than_their_names_count_are_refused(tmp_path, run):
    with pytest.raises(
        UserError, match=r"got files of 10 bytes for weights of [\d,]+, expected at most 99 files; use at"
    ) as caught:
        export_weights(run, tmp_path / "out", 10)
    assert caught.value.parameter == "piece"
    assert not (tmp_path / "out").exists()


def test_a_missing_piece_is_reported(tmp_path, run):
    export_weights(run, tmp_path / "out", 4_000)[1].unlink()
    with pytest.raises(UserError, match=r"do not form a checkpoint: a file is missing, corrupt or of another run"):
        import_weights(tmp_path / "out", tmp_path / "again")
    assert not Run(tmp_path / "again").exists


def test_a_folder_without_pieces_and_a_used_run_are_refused(tmp_path, run):
    with pytest.raises(UserError, match=r"nowhere has no config\.json; give a folder written by `export run`"):
        import_weights(tmp_path / "nowhere", tmp_path / "again")
    with pytest.raises(UserError, match=r"holds no weights-NN\.part"):
        import_weights(run.folder, tmp_path / "again")
    export_weights(run, tmp_path / "out")
    with pytest.raises(UserError, match="holds a run already"):
        import_weights(tmp_path / "out", run.folder)


def test_a_number_too_large_for_16_bits_is_refused(tmp_path, run):
    stored = torch.load(run.checkpoint_path, weights_only=True)
    stored["discriminator"]["output.weight"][0, 0] = 1e6
    torch.save(stored, run.checkpoint_path)
    with pytest.raises(UserError, match=r"output.weight holds 1e\+06, expected at most 65,504"):
        export_weights(run, tmp_path / "out")


def test_an_imported_run_cannot_resume_training(tmp_path, run, tiny_config, tiny_images):
    export_weights(run, tmp_path / "out")
    import_weights(tmp_path / "out", tmp_path / "again")
    with pytest.raises(UserError, match="holds imported weights, without the optimizers' state"):
        train(tiny_config(images=80), tiny_images(), tmp_path / "again", device=CPU)


def test_pieces_of_a_larger_run_are_deleted(tmp_path, run):
    assert len(export_weights(run, tmp_path / "out", 4_000)) > 3
    export_weights(run, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").glob("*.part")] == ["weights-01.part"]
    assert import_weights(tmp_path / "out", tmp_path / "again").position() == 40


def test_weights_beside_another_config_are_refused(tmp_path, run, tiny_config, tiny_images):
    train(tiny_config(images=40, flips=True), tiny_images(), tmp_path / "other", device=CPU)
    for each, out in ((run, "out"), (Run(tmp_path / "other"), "other-out")):
        export_weights(each, tmp_path / out)
    (tmp_path / "other-out/config.json").replace(tmp_path / "out/config.json")
    with pytest.raises(UserError, match=r"a file is missing, corrupt or of another run"):
        import_weights(tmp_path / "out", tmp_path / "again")
    config = json.loads((tmp_path / "out/config.json").read_text())
    del config["weights_sha256"]  # as in exports of earlier versions
    (tmp_path / "out/config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"belong to a run with other settings than its config\.json"):
        import_weights(tmp_path / "out", tmp_path / "again")


def test_the_labels_that_chose_the_weights_are_recorded(tmp_path, tiny_config, tiny_images):
    probe = Probe(lambda discriminator: 0.5, 20, {"dataset": "d", "labels": 60})
    train(tiny_config(images=40, keep="best"), tiny_images(), tmp_path / "run", device=CPU, probe=probe)
    export_weights(Run(tmp_path / "run"), tmp_path / "out")
    stored = import_weights(tmp_path / "out", tmp_path / "again").load()
    assert stored["probe"] == {"dataset": "d", "labels": 60, "accuracy": 0.5}
