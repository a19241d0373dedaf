from dcgan_probe.reproduce.costs import Cost
from dcgan_probe.reproduce.steps import TableStep, Watch, run_steps


def test_an_exception_of_one_step_leaves_the_others_and_is_shown_with_its_traceback():
    done, notes = [], []

    def fail(watch):
        raise ValueError("of a plugin")

    steps = [TableStep("first", fail, Cost(0.0, 0, 0)), TableStep("second", done.append, Cost(0.0, 0, 0))]
    failures = run_steps(steps, Watch(on_note=notes.append))
    assert failures == ["first: ValueError: of a plugin"]
    assert len(done) == 1
    assert any("Traceback" in note and "in fail" in note for note in notes)
