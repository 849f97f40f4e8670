"""File/Upload and File/FolderCreate."""

from typing import Any

import pytest

from tests.api.served import BASE, Served, picture, serving, signed

FIELDS = [
    "id",
    "name",
    "contenttype",
    "parentid",
    "uuid",
    "size",
    "addedtime",
    "modifiedtime",
    "accesskey",
    "foldercount",
    "filecount",
    "ispublic",
    "expiretime",
    "url",
]
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0data\0\0\0\0"


async def upload(served: Served, name: str = "road.png", content: bytes = b"", **data: str) -> dict[str, Any]:
    files = {"file": (name, content or picture())}
    body: dict[str, Any] = (await served.post("/v1/File/Upload", files=files, data=data)).json()
    return body


async def test_an_uploaded_file_can_be_read(served: Served) -> None:
    body = await upload(served)
    assert list(body) == ["errors", "list", "result"]
    [file] = body["list"]
    assert list(file) == FIELDS
    assert (file["name"], file["contenttype"], file["size"]) == ("road.png", "image/png", str(len(picture())))
    assert (file["parentid"], file["addedtime"]) == ("", "1734513807")
    assert file["url"] == f"{BASE}/v1/File/{file['accesskey']}/road.png"
    assert (await served.client.get(file["url"])).content == picture()
    assert served.left_behind() == []


async def test_the_type_is_what_the_bytes_say(served: Served) -> None:
    [file] = (await upload(served, "song.png", WAV))["list"]
    assert (file["name"], file["contenttype"]) == ("song.wav", "audio/wav")


async def test_a_large_file_streams_through(served: Served) -> None:
    content = WAV + bytes(range(256)) * 12_000
    [file] = (await upload(served, "long.wav", content))["list"]
    assert (await served.client.get(file["url"])).content == content
    assert served.left_behind() == []


async def test_folders(served: Served) -> None:
    body = (await served.post("/v1/File/FolderCreate", {"name": "Clips_1"})).json()
    [folder] = body["list"]
    assert list(body) == ["errors", "list", "result"]
    assert (folder["name"], folder["contenttype"], folder["size"], folder["url"]) == ("Clips_1", "", "0", "")
    [inner] = (await served.post("/v1/File/FolderCreate", {"name": "b", "parentid": folder["id"]})).json()[
        "list"
    ]
    assert inner["parentid"] == folder["id"]
    [file] = (await upload(served, folderid=inner["id"]))["list"]
    assert file["parentid"] == inner["id"]


async def test_a_folder_of_somebody_else_does_not_exist(served: Served) -> None:
    other = await served.parts.projects.create("other")
    answer = await served.client.post("/v1/File/FolderCreate", json={"name": "a"}, headers=signed(other))
    [folder] = answer.json()["list"]
    for refused in (
        await upload(served, folderid=folder["id"]),
        (await served.post("/v1/File/FolderCreate", {"name": "b", "parentid": folder["id"]})).json(),
    ):
        assert refused["errors"] == [{"code": 1, "message": "Folder does not exist."}]


@pytest.mark.parametrize("name", ["a b", "../x", "a/b", "ä", "x" * 129, "a.b", "a\nb"])
async def test_names_that_no_folder_has(served: Served, name: str) -> None:
    [first, second] = (await served.post("/v1/File/FolderCreate", {"name": name})).json()["errors"]
    assert first == {"code": 0, "message": "Request parameters are invalid."}
    assert second["message"].startswith("[name] takes")


async def test_what_is_missing(served: Served) -> None:
    for body in (
        await served.post("/v1/File/Upload", {}),
        await served.post("/v1/File/Upload", data={"file": "a.png"}, files={"other": ("a.png", picture())}),
        await served.post("/v1/File/Upload", files={"file": ("", b"")}),
    ):
        assert body.json()["errors"] == [{"code": 0, "message": "Request files [file] required"}]
    answer = await served.post("/v1/File/FolderCreate", {})
    assert answer.json()["errors"] == [{"code": 0, "message": "Request parameter [name] required"}]
    assert served.left_behind() == []


async def test_a_file_over_the_limit(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with serving(tmp_path_factory.mktemp("small"), limits={"upload_bytes": 1000}) as served:
        answer = await served.post("/v1/File/Upload", files={"file": ("a.wav", WAV + bytes(1000))})
        assert answer.status_code == 413
        assert answer.json()["errors"][1]["message"] == "[file] A file may have at most 1,000 bytes."
        assert served.left_behind() == []
