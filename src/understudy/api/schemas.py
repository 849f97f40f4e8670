"""JSON Schemas (draft 2020-12) of what goes over the wire, for the OpenAPI document. Pure."""

from typing import Any

from understudy.catalogue.manifest import Input, Model

Schema = dict[str, Any]

_TIMES = (
    "starttime",
    "endtime",
    "createtime",
    "canceltime",
    "assigntime",
    "accepttime",
    "preprocessstarttime",
    "preprocessendtime",
    "postprocessstarttime",
    "postprocessendtime",
)
_NUMBER = {"type": "string", "pattern": "^[0-9]+$"}
_DECIMAL = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}
_TEXT = {"type": "string"}
_TIME = {**_NUMBER, "description": "Unix time in whole seconds; 0 while it has not been reached."}


def run_body(model: Model, *, files: bool) -> Schema:
    """The body of a run of one model: as a form with files, or as JSON, where a file is an address or a sample."""
    properties: Schema = {}
    for each in model.inputs:
        properties[each.id] = input_schema(each, files=files)
        if each.is_file:
            properties[f"{each.id}Url"] = {
                "type": "string",
                "description": f"Addresses for {each.id}, separated by commas.",
            }
    properties["callbackUrl"] = {
        "type": "string",
        "description": "Gets a POST of the task when it is over.",
    }
    properties["projectid"] = {"type": "string", "description": "The caller's own project."}
    required = [each.id for each in model.inputs if each.required]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def input_schema(given: Input, *, files: bool) -> Schema:
    """One input of a model."""
    about = {"title": given.label, "description": " ".join(filter(None, (given.help, given.note)))}
    schema: Schema = {key: text for key, text in about.items() if text}
    if given.is_file:
        return schema | _file_schema(given, files)
    if given.default != "":
        schema["default"] = given.default if given.type in ("number", "range") else str(given.default)
    match given.type:
        case "select":
            return schema | {"type": "string", "enum": [option.value for option in given.options]}
        case "number" | "range":
            bounds = {"minimum": given.min, "maximum": given.max, "multipleOf": given.step}
            return (
                schema
                | {"type": ["number", "string"]}
                | {key: value for key, value in bounds.items() if value}
            )
        case _:
            return schema | {"type": "string"}


def _file_schema(given: Input, files: bool) -> Schema:
    one: Schema = (
        {"type": "string", "contentMediaType": "application/octet-stream"}
        if files
        else {"type": "string", "description": "An http(s) address, or the name of a sample input."}
    )
    if given.type == "fileinput":
        return one
    several = {"type": "array", "items": one, "maxItems": given.max_files}
    return several if files else {"anyOf": [one, several]}


def _object(properties: Schema, **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def _envelope(**payload: Schema) -> Schema:
    return _object({"result": {"const": True}, "errors": {"type": "array", "maxItems": 0}, **payload})


def _list_of(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_FILE = _object(
    {
        "id": _TEXT,
        "name": _TEXT,
        "contenttype": _TEXT,
        "parentid": _TEXT,
        "uuid": _TEXT,
        "size": _NUMBER,
        "addedtime": _TIME,
        "modifiedtime": _TIME,
        "accesskey": _TEXT,
        "foldercount": _NUMBER,
        "filecount": _NUMBER,
        "ispublic": {"type": "integer"},
        "expiretime": {"type": ["string", "null"]},
        "url": _TEXT,
    }
)
_ENGINE = {
    "type": ["object", "null"],
    "description": "Who really played: name, version, whether it is a preview, which engines were tried, the seed,"
    " and the engine's own labels.",
}
_TASK = _object(
    {
        "id": _NUMBER,
        "uuid": _TEXT,
        "name": _TEXT,
        "socketaccesstoken": _TEXT,
        "parameters": {"type": "object"},
        "debugoutput": _TEXT,
        "debugerror": _TEXT,
        "elapsedseconds": _DECIMAL,
        "status": _TEXT,
        "cps": _DECIMAL,
        "totalcost": _DECIMAL,
        "guestid": {"type": "null"},
        "projectid": _NUMBER,
        "modelid": _NUMBER,
        "description": _TEXT,
        "basemodelid": _NUMBER,
        "runtype": {"const": "model"},
        "modelfolderid": _TEXT,
        "modelfileid": _TEXT,
        "callbackurl": _TEXT,
        "marketplaceid": {"type": "null"},
        "pexit": _TEXT,
        "categories": {"type": "string", "contentMediaType": "application/json"},
        "outputs": _list_of("File"),
        "size": _NUMBER,
        "modeldescription": _TEXT,
        "modelslugowner": _TEXT,
        "modelslugproject": _TEXT,
        "engine": _ENGINE,
        **dict.fromkeys(_TIMES, _TIME),
    }
)
_TASK_REF = {
    "type": "object",
    "description": "One of the three is enough; a token comes before an id.",
    "properties": {"taskid": {"type": ["string", "integer"]}, "tasktoken": _TEXT, "socketaccesstoken": _TEXT},
}
_ERROR = _object({"code": {"type": "integer"}, "message": _TEXT})

COMPONENTS: dict[str, Schema] = {
    "Error": _object(
        {"result": {"const": False}, "errors": {"type": "array", "items": _ERROR, "minItems": 1}}
    ),
    "File": _FILE,
    "Task": _TASK,
    "Tool": {"type": "object"},
    "TaskReference": _TASK_REF,
    "Done": _envelope(),
    "Run": _envelope(taskid=_NUMBER, socketaccesstoken=_TEXT),
    "Tasks": _envelope(tasklist=_list_of("Task")),
    "CountedTasks": _envelope(total=_NUMBER, tasklist=_list_of("Task")),
    "Files": _envelope(list=_list_of("File")),
    "Tools": _envelope(total=_NUMBER, tool=_list_of("Tool")),
    "Explore": _envelope(explore={"type": "array", "items": {"type": "object"}}),
}
"""What the operations refer to."""
