from understudy.executors.environment import for_replica, without_settings

SERVER = {"PATH": "/bin", "UNDERSTUDY_SECRET_KEY": "hush"}


def test_settings_are_left_out() -> None:
    assert without_settings(SERVER) == {"PATH": "/bin"}


def test_without_cards_a_replica_sees_what_the_server_sees() -> None:
    assert for_replica(SERVER) == {"PATH": "/bin"}
    assert for_replica({"CUDA_VISIBLE_DEVICES": "3"}) == {"CUDA_VISIBLE_DEVICES": "3"}


def test_cards_are_counted_as_nvidia_smi_counts_them() -> None:
    assert for_replica(SERVER, ("2", "0")) == {
        "PATH": "/bin",
        "CUDA_VISIBLE_DEVICES": "2,0",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    }


def test_unless_the_operator_counts_otherwise() -> None:
    other = for_replica({"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}, ("1",))
    assert other == {"CUDA_DEVICE_ORDER": "FASTEST_FIRST", "CUDA_VISIBLE_DEVICES": "1"}
    assert for_replica({"CUDA_VISIBLE_DEVICES": "3,1"}, ("1",)) == {"CUDA_VISIBLE_DEVICES": "1"}
