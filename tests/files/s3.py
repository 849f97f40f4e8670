"""An S3 server on this machine, one for each process that asks for it."""

import itertools
import logging
from functools import cache

import httpx
import pytest

from understudy.files.bucket import BucketStorage, open_bucket
from understudy.files.bucket_client import Patience

ACCESS_KEY = "AKIATESTTESTTEST"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY"
IMPATIENT = Patience(connect=1.0, silence=1.0, upload=1.0, retry=1.0)
"""For what is to fail."""


class S3:
    """Where it is, and what a look from behind the storage sees."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        # Its thread ends with the process.
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        self.port: int = server.get_host_and_port()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._numbers = itertools.count(1)

    def new_bucket(self) -> str:
        name = f"bucket-{next(self._numbers)}"
        httpx.put(f"{self.url}/{name}").raise_for_status()
        return name

    def uploads(self, bucket: str) -> int:
        """Uploads in parts that were begun and neither completed nor aborted."""
        return httpx.get(f"{self.url}/{bucket}?uploads").text.count("<UploadId>")

    def checking_credentials(self, checks: bool) -> None:
        """Whether unknown access keys are refused from now on."""
        httpx.post(f"{self.url}/moto-api/reset-auth", content=b"0" if checks else b"inf").raise_for_status()

    def open(
        self, bucket: str, port: int = 0, patience: Patience | None = None, folder: str = "files"
    ) -> BucketStorage:
        """The storage in a folder of `bucket`, by the way of `port`, if given."""
        with pytest.MonkeyPatch.context() as patch:
            set_environment(patch, f"http://127.0.0.1:{port or self.port}")
            return open_bucket(f"s3://{bucket}/{folder}", patience)


@cache
def s3() -> S3:
    return S3()


def set_environment(patch: pytest.MonkeyPatch, endpoint: str) -> None:
    patch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    patch.setenv("AWS_REGION", "eu-west-3")
    patch.setenv("AWS_ENDPOINT_URL", endpoint)
    patch.setenv("AWS_ALLOW_HTTP", "true")
