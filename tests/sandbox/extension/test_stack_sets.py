from tests.support.stack_sets import OTHER_REGION, REGION, Fleet, parameters, reserving


def test_each_cell_has_a_real_stack_of_its_own(fleet: Fleet) -> None:
    fleet.create_set(reserving())
    account, other = fleet.accounts[:2]

    made = fleet.run("create_stack_instances", Accounts=[account, other], Regions=[REGION, OTHER_REGION])

    cells = {f"{each}/{region}" for each in (account, other) for region in (REGION, OTHER_REGION)}
    assert made == dict.fromkeys(cells, "SUCCEEDED")
    assert fleet.instances() == dict.fromkeys(cells, "CURRENT")
    (name,) = fleet.stacks(account)
    assert name.startswith("StackSet-s-")
    assert fleet.instance(account)["StackId"].split("/")[1] == name
    assert fleet.stacks(other, OTHER_REGION) != {}
    assert fleet.reserved(account) == [0]


def test_a_cell_beyond_its_limit_fails_with_the_reason_of_its_stack(fleet: Fleet) -> None:
    fleet.create_set(reserving())
    account, other = fleet.accounts[:2]
    fleet.limits(account, 10)
    fleet.run("create_stack_instances", Accounts=[account, other])

    operation = fleet.begin(
        "update_stack_instances",
        Accounts=[account, other],
        ParameterOverrides=parameters(Reserved=5),
        OperationPreferences={"FailureToleranceCount": 1},
    )

    assert fleet.wait(operation) == "SUCCEEDED"
    assert fleet.operation(operation)["StatusDetails"] == {"FailedStackInstancesCount": 1}
    result = fleet.results(operation)[f"{account}/{REGION}"]
    assert result["Status"] == "FAILED"
    assert "minimum value of [10]" in result["StatusReason"]
    assert fleet.instances() == {f"{account}/{REGION}": "OUTDATED", f"{other}/{REGION}": "CURRENT"}
    assert list(fleet.stacks(account).values()) == ["UPDATE_ROLLBACK_COMPLETE"]
    assert (fleet.reserved(account), fleet.reserved(other)) == ([0], [5])


def test_deleted_instances_leave_no_stack(fleet: Fleet) -> None:
    fleet.create_set()
    fleet.run("create_stack_instances")

    assert set(fleet.run("delete_stack_instances").values()) == {"SUCCEEDED"}
    fleet.cloudformation.delete_stack_set(StackSetName="s")

    assert [fleet.stacks(account) for account in fleet.accounts] == [{}] * 4
    assert fleet.cloudformation.list_stack_sets(Status="ACTIVE")["Summaries"] == []
