"""What the start costs, in fresh processes: the import, and the first operation with it.

Cold means without a compile cache: the first use on a machine.
"""

from __future__ import annotations

from tests.benchmarks.fresh import measure, medians
from tests.benchmarks.harness import OURS, show
from tests.benchmarks.peers import PEERS
from tests.benchmarks.servers import minio

ROUNDS = 7


def main(which: set[str]) -> None:
    del which
    with minio() as server:
        server["client"].put_object(Bucket=server["bucket"], Key="k", Body=bytes(1024))
        columns = ("wall ms", "CPU ms")
        imports = measure("import", PEERS, server, ROUNDS)
        show("import", columns, medians(imports, "wall", "cpu", scale=1e3))
        measure("first", [OURS], server, 1)  # fills the compile cache
        cold = f"{OURS}, cold"
        first = measure("first", [OURS, cold, *list(PEERS)[1:]], server, ROUNDS, cold={cold})
        title = "import, make a client, get 1 KiB"
        show(title, columns, medians(first, "wall", "cpu", scale=1e3))
