"""What is recorded of an answer, and that another one is noticed."""

from datetime import date
from types import SimpleNamespace

import pytest
from recording import Recorder, transformed

IDS = ("0d1a6a0e-1c9c-4a8e-9a53-0b2f6f6f3a10", "7f2c3a4b-2222-4333-8444-555566667777")
REPORT = (
    f"REPORT RequestId: {IDS[0]}\tDuration: 1.55 ms\tBilled Duration: 2 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 33 MB\t"
)


def test_what_differs_from_run_to_run_is_replaced_and_what_comes_again_is_told():
    function, stream = "conformance-0123456789ab", "2026/11/27/[$LATEST]" + 32 * "a"
    answers = [
        [200, None, {"id": IDS[0], function: [stream, 7, True]}, REPORT],
        {"id": IDS[1], "again": IDS[0], "arn": f"arn:aws:lambda:eu-west-1:123456789012:function:{function}"},
    ]
    assert transformed(answers) == [
        [
            200,
            None,
            {"id": "<id 1>", "<function 1>": ["<stream 1>", 7, True]},
            "REPORT RequestId: <id 1>\tDuration: <duration> ms\tBilled Duration: <duration> ms\t"
            "Memory Size: 128 MB\tMax Memory Used: <memory> MB\t",
        ],
        {"id": "<id 2>", "again": "<id 1>", "arn": "<arn>function:<function 1>"},
    ]


def test_another_answer_is_noticed_with_the_day_of_the_recorded_one(tmp_path):
    def recorder(name, *answers):
        made = Recorder(SimpleNamespace(path=tmp_path / "test_some.py", name=name), tmp_path)
        made.answers += answers
        return made

    for name in ("one", "two"):
        recorder(name, [200, name, REPORT]).record(date(2026, 11, 27))
    recorder("one", [200, "one", REPORT.replace(IDS[0], IDS[1]).replace("1.55", "9")]).compare()
    recorder("nowhere recorded", [500]).compare()
    with pytest.raises(AssertionError, match="otherwise on 2026-11-27"):
        recorder("two", [200, "three", REPORT]).compare()
