import msgspec

from understudy.config import TABLE, Settings


def test_every_attribute_is_in_the_table_with_help() -> None:
    assert [row.name for row in TABLE] == [name for name in Settings.__struct_fields__ if name != "origins"]
    assert all(row.help.endswith(".") for row in TABLE)


def test_keys_and_environment_names_are_unique() -> None:
    assert len({row.key for row in TABLE}) == len({row.environment for row in TABLE}) == len(TABLE)


def test_defaults_keep_their_own_rules() -> None:
    for row in TABLE:
        if row.name != "data":
            assert msgspec.convert(msgspec.to_builtins(row.default), row.type) == row.default
