import numpy as np

from dcgan_probe.baselines import draw_setting


def test_settings_are_spread_as_said():
    drawn = [draw_setting(0, number) for number in range(2000)]
    rates = np.array([setting.learning_rate for setting in drawn])
    assert 1e-4 <= rates.min() < 1.1e-4
    assert 9e-3 < rates.max() <= 1e-2
    # A log-uniform value lies below the geometric mean of its ends half the time: within five standard errors.
    assert abs((rates < 1e-3).mean() - 0.5) < 5 * 0.5 / 2000**0.5
    passes = np.array([setting.passes for setting in drawn])
    assert passes.min() == 10
    assert passes.max() == 150
    assert abs((passes < (10 * 150) ** 0.5).mean() - 0.5) < 5 * 0.5 / 2000**0.5
    decays = np.array([setting.weight_decay for setting in drawn])
    assert abs((decays == 0).mean() - 0.25) < 5 * (0.25 * 0.75 / 2000) ** 0.5
    assert abs((decays[decays > 0] < 1e-4).mean() - 0.5) < 5 * 0.5 / 1500**0.5
    dropouts = np.array([setting.dropout for setting in drawn])
    assert abs(dropouts.mean() - 0.4) < 5 * 0.8 / 12**0.5 / 2000**0.5


def test_a_setting_depends_on_seed_and_number_only():
    assert draw_setting(3, 5) == draw_setting(3, 5)
    assert len({draw_setting(seed, number) for seed in (3, 4) for number in range(10)}) == 20
