"""All that a reading process imports, for the process that they are forked from (`flows.processes`)."""

import gc
import os

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
# Before what reads them is imported: threads would not survive the fork.
os.environ.update(dict.fromkeys(ONE_THREAD, "1"))

gc.disable()

import cyclopts  # noqa: E402, F401 - of the file that the night was started by, which every process runs

import flows.debug_images  # noqa: E402
import flows.pictures  # noqa: E402, F401
import models.classifier  # noqa: E402, F401
import pipeline.files.scans  # noqa: E402
import pipeline.layouts  # noqa: E402
import pipeline.read  # noqa: E402, F401

gc.collect()
gc.freeze()  # or looking for garbage would copy the shared memory
gc.enable()
