"""pgbench running intake's own statement, one delivery a call: what the database alone gives without grouping."""

import re
import subprocess
from pathlib import Path

from tests.benchmarks.load import Pace
from tests.support.database import Database

# A colon before a letter or digit would be a variable of pgbench, hence the time without colons.
_SCRIPT = """
\\set message random(1, 9000000000000000000)
\\set customer random(1, {conversations})
SELECT integrations.record_deliveries(
    jsonb_build_array(jsonb_build_object(
        'id', gen_random_uuid(), 'provider', 'whatsapp', 'status', 'stored', 'body_key_id', 'deliveries-2026-01',
        'body_size', 515, 'headers', '{{"user-agent": "facebookexternalua"}}'::jsonb,
        'verified_by', 'app-secret-00000000', 'item_count', 1)),
    jsonb_build_array(jsonb_build_object(
        'id', gen_random_uuid(), 'delivery', 0, 'ordinal', 0, 'kind', 'message', 'account', '{phone_number_id}',
        'key', 'm/wamid.HBgNNTUxMTk5OTk5OTk5' || :message, 'digest', '0123456789abcdef0123456789abcdef',
        'event_type', 'message.text', 'event_id', 'wamid.HBgNNTUxMTk5OTk5OTk5' || :message,
        'occurred_at', now(), 'customer', '55119' || :customer, 'customer_phone', '55119' || :customer,
        'customer_name', 'Maria Aparecida', 'text', 'Quanto custa o pão de queijo?')),
    ARRAY['{body}'], 2, 8, 43200);
"""
_BODY = "A" * 748  # base64 of a sealed body as large as the load generator's


def write_script(path: Path, *, phone_number_id: str, conversations: int) -> None:
    """Write the script for one phone number."""
    path.write_text(_SCRIPT.format(phone_number_id=phone_number_id, conversations=conversations, body=_BODY))


def transactions_per_second(database: Database, script: Path, *, pace: Pace) -> float:
    """Run the script as the intake role with prepared statements and return its rate, connecting left out."""
    command = [str(database.server.bin_path / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--file={script}"]
    command += [f"--client={pace.clients}", "--jobs=1", f"--time={pace.seconds:.0f}", "--username=intake"]
    command += [f"--host={Path(database.server.socket).parent}", database.name]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = re.search(r"tps = ([0-9.]+) \(without initial connection time\)", done.stdout)
    if found is None or re.search(r"number of failed transactions: [1-9]", done.stdout):
        raise RuntimeError(f"pgbench failed: {done.stdout}{done.stderr}")
    return float(found[1])
