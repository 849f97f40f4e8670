"""JSON Schemas (draft 2020-12) of what goes over the wire, for the OpenAPI document. Pure."""

from understudy.api.described import TEXT, Schema, list_of, whole
from understudy.catalogue.manifest import Input, Model
from understudy.catalogue.texts import LONGEST

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
_NUMERAL = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_WITHOUT_CONTROLS = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
_NUMBER = {"type": "string", "pattern": "^[0-9]+$"}
_DECIMAL = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}
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
                | {"type": ["number", "string"], "pattern": _NUMERAL}
                | {key: value for key, value in bounds.items() if value}
            )
        case _:
            least = {"minLength": 1} if given.required else {}
            return schema | {"type": "string", "maxLength": LONGEST, "pattern": _WITHOUT_CONTROLS, **least}


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


def _envelope(**payload: Schema) -> Schema:
    return whole({"result": {"const": True}, "errors": {"type": "array", "maxItems": 0}, **payload})


_FILE = whole(
    {
        "id": TEXT,
        "name": TEXT,
        "contenttype": TEXT,
        "parentid": TEXT,
        "uuid": TEXT,
        "size": _NUMBER,
        "addedtime": _TIME,
        "modifiedtime": _TIME,
        "accesskey": TEXT,
        "foldercount": _NUMBER,
        "filecount": _NUMBER,
        "ispublic": {"type": "integer"},
        "expiretime": {"type": ["string", "null"]},
        "url": TEXT,
    }
)
_ENGINE = {
    "type": ["object", "null"],
    "description": "Who really played: name, version, whether it is a preview, which engines were tried, the seed,"
    " and the engine's own labels.",
}
_TASK = whole(
    {
        "id": _NUMBER,
        "uuid": TEXT,
        "name": TEXT,
        "socketaccesstoken": TEXT,
        "parameters": {"type": "object"},
        "debugoutput": TEXT,
        "debugerror": TEXT,
        "elapsedseconds": _DECIMAL,
        "status": TEXT,
        "cps": _DECIMAL,
        "totalcost": _DECIMAL,
        "guestid": {"type": "null"},
        "projectid": _NUMBER,
        "modelid": _NUMBER,
        "description": TEXT,
        "basemodelid": _NUMBER,
        "runtype": {"const": "model"},
        "modelfolderid": TEXT,
        "modelfileid": TEXT,
        "callbackurl": TEXT,
        "marketplaceid": {"type": "null"},
        "pexit": TEXT,
        "categories": {"type": "string", "contentMediaType": "application/json"},
        "outputs": list_of("File"),
        "size": _NUMBER,
        "modeldescription": TEXT,
        "modelslugowner": TEXT,
        "modelslugproject": TEXT,
        "engine": _ENGINE,
        **dict.fromkeys(_TIMES, _TIME),
    }
)
_TASK_REF = {
    "type": "object",
    "description": "One of the three is enough; a token comes before an id.",
    "properties": {"taskid": {"type": ["string", "integer"]}, "tasktoken": TEXT, "socketaccesstoken": TEXT},
}
_ERROR = whole({"code": {"type": "integer"}, "message": TEXT})

COMPONENTS: dict[str, Schema] = {
    "Error": whole({"result": {"const": False}, "errors": {"type": "array", "items": _ERROR, "minItems": 1}}),
    "File": _FILE,
    "Task": _TASK,
    "Tool": {"type": "object"},
    "TaskReference": _TASK_REF,
    "Done": _envelope(),
    "Run": _envelope(taskid=_NUMBER, socketaccesstoken=TEXT),
    "Tasks": _envelope(tasklist=list_of("Task")),
    "CountedTasks": _envelope(total=_NUMBER, tasklist=list_of("Task")),
    "Files": _envelope(list=list_of("File")),
    "CountedTools": _envelope(total=_NUMBER, tool=list_of("Tool")),
    "Explore": _envelope(explore={"type": "array", "items": {"type": "object"}}),
}
"""What the operations refer to."""
