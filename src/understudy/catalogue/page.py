"""A model's plain-text page: what it is, what it takes, and commands that can be pasted into a shell.

With white space folded, the pages of the bundled models are the reference documents, word for word. They differ in
two points, because a page has to be true and its commands have to run:

- A default may hold apostrophes, quotes and backslashes. The Run command quotes its JSON for the shell, so that what
  arrives is the default; the reference's Veo command ends in the middle of its prompt (`detective\\\\'s`).
- `categories` in the answers of Kill and Cancel is a JSON array in a valid JSON string.

The backslashes that the Veo document has in its lists of inputs and inspires (`detective\\'s`) are kept there, and
only there: they are `page_escapes` of that manifest, not part of the prompt.
"""

import json
from collections.abc import Iterator, Mapping

from understudy.catalogue.manifest import Input, Model
from understudy.catalogue.page_examples import (
    CANCEL_ID,
    KILL_ID,
    KILL_TOKEN,
    RUN_ID,
    RUN_TOKEN,
    detail_answer,
    run_answer,
    stop_answer,
)
from understudy.catalogue.sources import SAMPLES

CALLBACK_PLACEHOLDER = (
    "You can provide a callback URL; Wiro will send a POST request to it when the task is completed."
)
"""What the Run command carries as its callbackUrl: it means that there is none."""

_PREPARE = """\
# Sign up Wiro dashboard and create project
export YOUR_API_KEY="{{useSelectedProjectAPIKey}}";
export YOUR_API_SECRET="XXXXXXXXX";

# unix time or any random integer value
export NONCE=$(date +%s);

# hmac-SHA256 (YOUR_API_SECRET+Nonce) with YOUR_API_KEY
export SIGNATURE="$(echo -n "${YOUR_API_SECRET}${NONCE}" | openssl dgst -sha256 -hmac "${YOUR_API_KEY}")";"""

_HEADERS = (
    "Content-Type: multipart/form-data",
    "x-api-key: ${YOUR_API_KEY}",
    "x-nonce: ${NONCE}",
    "x-signature: ${SIGNATURE}",
)

_STATUSES = """\
## Task Status Information

This section defines the possible task status values returned by the API when polling for task completion.

### Completed Task Statuses (Polling can stop)

These indicate that the task has reached a terminal state — either success or failure.
Once any of these is received, polling should stop.

- task_postprocess_end : Task completed successfully and post-processing is done.
- task_cancel : Task was cancelled by the user or system.

### Running Task Statuses (Continue polling)

These statuses indicate that the task is still in progress. Polling should continue if one of these is returned.

- task_queue : Task is waiting in the queue.
- task_accept : Task has been accepted for processing.
- task_assign : Task is being assigned to a worker.
- task_preprocess_start : Preprocessing is starting.
- task_preprocess_end : Preprocessing is complete.
- task_start : Task execution has started.
- task_output : Output is being generated."""


def page(model: Model, *, api: str, files: str) -> str:
    """The page, ending in a line end. `api` and `files` are base addresses without a slash at the end.

    Both stand in double quotes in the shell commands: they must come from the configuration or be checked before.
    """
    return "\n\n".join(_sections(model, api, files)) + "\n"


def _sections(model: Model, api: str, files: str) -> Iterator[str]:
    yield "\n".join(_basics(model, api, files))
    yield "## Model Inputs:"
    for each in model.inputs:
        yield "\n".join(_input(model, each))
    if model.inspires:
        yield "## Model Parameter Inspires:"
    for inspire in model.inspires:
        shown = ((id, shown_value(model, id, value, files)) for id, value in inspire.items())
        yield "\n".join(_item(f"- {id}:", _escaped(model, value)) for id, value in shown)
    yield f"## Integration Header Prepare\n\n```bash\n{_PREPARE}\n```"

    detail, kill, cancel = f"{api}/v1/Task/Detail", f"{api}/v1/Task/Kill", f"{api}/v1/Task/Cancel"
    yield _command(
        "Run Command - Make HTTP Post Request",
        f"{api}/v1/Run/{model.address}",
        {each.id: each.default for each in model.inputs} | {"callbackUrl": CALLBACK_PLACEHOLDER},
    )
    yield _answer("Run Command - Response", run_answer())
    by_id, by_token = "Make HTTP Post Request with Task ID", "Make HTTP Post Request with Socket Access Token"
    yield _command(f"Get Task Detail - {by_id}", detail, {"taskid": RUN_ID})
    yield _command(f"Get Task Detail - {by_token}", detail, {"tasktoken": RUN_TOKEN})
    yield _answer("Get Task Detail - Response", detail_answer(files))
    yield _command(f"Kill Task - {by_id}", kill, {"taskid": KILL_ID})
    yield _command(f"Kill Task - {by_token}", kill, {"socketaccesstoken": KILL_TOKEN})
    yield _answer("Kill Task - Response", stop_answer(KILL_ID, api=api, files=files))
    yield _command("Cancel Task - Make HTTP Post Request (For tasks on queue)", cancel, {"taskid": CANCEL_ID})
    yield _answer("Cancel Task - Response", stop_answer(CANCEL_ID, api=api, files=files))
    yield _STATUSES


def shown_value(model: Model, id: str, value: str, files: str) -> str:
    """The value of an inspire as it is shown: a sample input as the address under which it can be seen."""
    known = model.input(id)
    if value and known and known.is_file and "/" not in value:
        return f"{files}{SAMPLES}{value}"
    return value


def cover_address(model: Model, files: str) -> str:
    """Where the model's cover is shown; "" without one."""
    return f"{files}/{model.cover}" if model.cover and "://" not in model.cover else model.cover


def _basics(model: Model, api: str, files: str) -> Iterator[str]:
    yield "## Basic tool info\n"
    yield f"Model name: {model.printed_name}"
    yield _item("Model description:", model.description)
    yield _item("Model cover:", cover_address(model, files))
    for heading, words in (("Model categories:", model.categories), ("Model tags:", model.tags)):
        if words:
            yield heading
            yield from (f"- {word}" for word in words)
    yield f"Run Task Endpoint (POST): {api}/v1/Run/{model.address}"
    yield f"Get Task Detail Endpoint (POST): {api}/v1/Task/Detail"


def _input(model: Model, each: Input) -> Iterator[str]:
    yield f"- name: {each.id}"
    yield _item("  label:", each.label)
    yield _item("  help:", each.help)
    yield f"  type: {each.type}"
    yield _item("  default:", _escaped(model, str(each.default)))
    if each.options:
        yield "  options:"
    for option in each.options:
        yield f'    - value: "{option.value}"'
        yield _item("      label:", option.label)


def _item(key: str, value: str) -> str:
    # Further lines are indented, so that none of them can be taken for a heading, an item or a fence of the page.
    return f"{key} {value}".rstrip().replace("\n", "\n    ")


def _escaped(model: Model, text: str) -> str:
    return "".join(f"\\{c}" if c in model.page_escapes else c for c in text) if model.page_escapes else text


def _command(heading: str, url: str, body: Mapping[str, object]) -> str:
    headers = " ".join(f'-H "{header}"' for header in _HEADERS)
    return f'## {heading}\n\n```bash\ncurl -X POST "{url}" {headers} -d {_shell_quoted(_json(body))};\n```'


def _answer(heading: str, body: Mapping[str, object]) -> str:
    return f"## {heading}\n\n```json\n{_json(body)}\n```"


def _json(body: Mapping[str, object]) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _shell_quoted(text: str) -> str:
    # Nothing is special inside single quotes but their end (POSIX, Shell Command Language, 2.2.2).
    return "'" + text.replace("'", "'\\''") + "'"
