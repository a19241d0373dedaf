"""Tables of results folders, also after an import and a conversion."""

import numpy as np
import pytest

from dcgan_probe.evaluation import Results
from dcgan_probe.images import ImageSet
from dcgan_probe.report import (
    ImportResultsConfig,
    TableConfig,
    convert_folder,
    import_results,
    make_tables,
    results_folders,
)
from dcgan_probe.report.results_folders import class_sizes_in
from dcgan_probe.runtime import UserError, Workspace


def test_tables_of_all_protocols_are_written_and_one_is_shown(made_up_rows, tmp_path):
    keep, place = made_up_rows(tmp_path), Workspace(results=tmp_path)
    keep("a", "dcgan", 120)
    keep("b", "pixels", 100, protocol="glyphs-all", labels="all")
    notes = []
    shown = make_tables(TableConfig("csv", "glyphs-30"), place, on_note=notes.append)
    assert shown.complete
    assert shown.text == (tmp_path / "tables" / "glyphs-30.csv").read_text().rstrip()
    assert len(list((tmp_path / "tables").iterdir())) == 6
    assert make_tables(TableConfig(), place).text.count("### ") == 2
    with pytest.raises(
        UserError, match="no records of 'x'; expected one of the recorded protocols: glyphs-30, glyphs-all"
    ):
        make_tables(TableConfig(protocol="x"), place)
    assert notes == []


def test_a_damaged_record_leaves_out_its_own_table(made_up_rows, tmp_path):
    keep, place = made_up_rows(tmp_path), Workspace(results=tmp_path)
    keep("a", "dcgan", 120)
    keep("b", "pixels", 100, protocol="glyphs-all", labels="all")
    Results(tmp_path).fits_path("a").write_bytes(b"damaged")
    notes = []
    whole = make_tables(TableConfig(), place, on_note=notes.append)
    assert (whole.complete, whole.text.count("### ")) == (False, 1)
    (note,) = notes
    assert note.endswith(". The table of glyphs-30 is omitted until then.")
    assert make_tables(TableConfig(protocol="glyphs-all"), place).complete
    only = make_tables(TableConfig(protocol="glyphs-30"), place)
    assert (only.complete, only.text) == (False, "")


def test_a_folder_without_complete_evaluations_has_no_table(made_up_rows, tmp_path):
    with pytest.raises(UserError, match=r"evaluations\.csv is missing"):
        make_tables(TableConfig(), Workspace(results=tmp_path))
    made_up_rows(tmp_path)("a", "dcgan", 120)
    path = Results(tmp_path).path
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    with pytest.raises(UserError, match="holds no complete evaluation"):
        make_tables(TableConfig(), Workspace(results=tmp_path))


def test_evaluations_of_elsewhere_join_those_here_once(made_up_rows, tmp_path):
    made_up_rows(tmp_path / "here")("a", "dcgan", 120)
    made_up_rows(tmp_path / "there")("b", "pixels", 100)
    config, place = ImportResultsConfig(tmp_path / "there"), Workspace(results=tmp_path / "here")
    imported = import_results(config, place)
    assert (imported.new, imported.tables) == (["b"], [tmp_path / "here" / "tables" / "glyphs-30.md"])
    assert "| raw pixels" in imported.tables[0].read_text()
    assert import_results(config, place).new == []
    with pytest.raises(UserError, match=r"evaluations\.csv is missing"):
        import_results(ImportResultsConfig(tmp_path / "none"), place)


def test_class_sizes_are_those_of_the_same_images(tmp_path, monkeypatch):
    labels = np.array([0, 0, 1, 2, 2, 2] * 5)
    images = ImageSet(np.zeros((30, 3, 4, 4), np.uint8), labels, "x", "train", "made by a test")

    def load(name, split, *, data_dir, download):
        assert (split, data_dir, download) == ("train", tmp_path, False)
        if name != "x":
            raise UserError("there is none")
        return images

    monkeypatch.setattr(results_folders, "load_images", load)
    class_sizes = class_sizes_in(tmp_path)
    assert class_sizes("x", images.fingerprint).tolist() == [10, 5, 15]
    assert class_sizes("x", "of other images") is None
    assert class_sizes("y", images.fingerprint) is None


def test_a_folder_without_old_records_is_not_converted(tmp_path):
    with pytest.raises(UserError, match="so there is nothing to convert"):
        convert_folder(Workspace(results=tmp_path))
