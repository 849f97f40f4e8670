"""The reference service's dialect: `POST /v1/...`, one module for each family of endpoints."""

from understudy.api.call import Endpoint
from understudy.api.parts import Parts
from understudy.api.wiro.file import FileEndpoints
from understudy.api.wiro.run import PREFIX, RunEndpoint
from understudy.api.wiro.task import TaskEndpoints
from understudy.api.wiro.tool import ToolEndpoints


def endpoints(parts: Parts) -> dict[str, Endpoint]:
    """Every endpoint by its lower-case path; that of Run by what all its paths begin with."""
    tasks, files, tools = TaskEndpoints(parts), FileEndpoints(parts), ToolEndpoints(parts)
    return {
        PREFIX: RunEndpoint(parts).run,
        "/v1/task/detail": tasks.detail,
        "/v1/task/kill": tasks.kill,
        "/v1/task/cancel": tasks.cancel,
        "/v1/task/list": tasks.list,
        "/v1/task/inputoutputdelete": tasks.delete_files,
        "/v1/file/upload": files.upload,
        "/v1/file/foldercreate": files.make_folder,
        "/v1/tool/list": tools.list,
        "/v1/tool/detail": tools.detail,
        "/v1/tool/explore": tools.explore,
    }
