"""Imports a folder as an organization's knowledge, with progress."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.cli.demo.screenplay import import_bar
from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.language import say
from infra.cli.naming import find_organization
from infra.cli.refusals import refused
from infra.cli.screen import output, print_json
from shared.knowledge.importing import import_folder
from shared.platform.database import Database
