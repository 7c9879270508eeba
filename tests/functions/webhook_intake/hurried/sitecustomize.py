"""Put on the path of a function under test: gives a body BODY_SECONDS instead of ten."""

import os

if "BODY_SECONDS" in os.environ:
    from shared.platform.body import read_body

    (read_body.__kwdefaults__ or {})["seconds"] = float(os.environ["BODY_SECONDS"])
