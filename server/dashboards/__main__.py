"""`make dashboards`: writes them."""

from __future__ import annotations

import sys
from pathlib import Path

from server.dashboards.files import files

DEPLOY = Path(__file__).parents[2] / "deploy"


def main(deploy: Path = DEPLOY) -> None:
    for name, text in files().items():
        (deploy / name).parent.mkdir(parents=True, exist_ok=True)
        (deploy / name).write_text(text)
        sys.stdout.write(f"{deploy / name}\n")


if __name__ == "__main__":
    main()
