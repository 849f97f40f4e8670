from typing import get_args

from understudy.testing.partners.faults import FATES, Fault, FaultPlan, Kind, fate_of


def met(plan: FaultPlan, *steps: str) -> list[str]:
    found = [plan.meet(step) for step in steps]  # type: ignore[arg-type]
    return [fault.kind if fault else "" for fault in found]


def test_without_faults_all_goes_well() -> None:
    assert met(FaultPlan(), "create", "check") == ["", ""]


def test_each_step_has_its_own() -> None:
    plan = FaultPlan([Fault("create", "busy"), Fault("check", "slow")])
    assert met(plan, "list", "check", "create", "check", "create") == ["", "slow", "busy", "", ""]


def test_times_and_skip() -> None:
    plan = FaultPlan([Fault("check", "busy", times=2, skip=1)])
    assert met(plan, *["check"] * 5) == ["", "busy", "busy", "", ""]


def test_one_behind_the_other() -> None:
    plan = FaultPlan([Fault("create", "drop after"), Fault("create", "busy")])
    plan.add(Fault("create", "slow"))
    assert met(plan, *["create"] * 4) == ["drop after", "busy", "slow", ""]


def test_fates_are_kinds() -> None:
    assert set(get_args(Kind)) >= FATES


def test_fates_are_what_becomes_of_jobs() -> None:
    assert fate_of(Fault("create", "filtered")) == "filtered"
    assert fate_of(Fault("create", "drop after")) == ""
    assert fate_of(None) == ""
