"""What numbers are compared under."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def comparable() -> Iterator[None]:
    """Float32 that is float32: on a card, convolutions and products not in TF32, which has 10 bits. One thread on the
    CPU: recordings are small, and threads wait for each other. All as it was before, afterwards.
    """
    products, threads = torch.backends.cuda.matmul.allow_tf32, torch.get_num_threads()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_num_threads(1)
    try:
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = products
        torch.set_num_threads(threads)
