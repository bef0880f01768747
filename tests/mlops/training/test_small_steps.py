"""Bio-creep: many challengers, each a little worse, must not wear the champion down.

J. Feng, S. Emerson and N. Simon, "Approval policies for modifications to machine learning-based software as a medical
device: A study of bio-creep", 2020.
"""

from mlops_simulation import lost_in_a_sequence, promoted

SEQUENCES = 100


def test_twenty_challengers_a_point_worse_cost_at_most_two_points() -> None:
    losses = [lost_in_a_sequence(seed, challengers=20, worse_by=0.01) for seed in range(SEQUENCES)]

    assert sum(loss <= 0.02 for loss in losses) / SEQUENCES >= 0.95


def test_a_challenger_that_is_clearly_better_is_promoted() -> None:
    assert sum(promoted(seed, better_by=0.05) for seed in range(SEQUENCES)) / SEQUENCES >= 0.8


def test_an_equal_one_is_promoted_on_more_rows_and_kept_out_on_as_many() -> None:
    more = sum(promoted(seed, better_by=0.0, grown=1.25) for seed in range(SEQUENCES)) / SEQUENCES
    same = sum(promoted(seed, better_by=0.0) for seed in range(SEQUENCES)) / SEQUENCES

    assert more > 0.35, "of equal ones half have the lower log loss"
    assert same < 0.15
