"""`departments organization`: the tenants."""

from typing import Annotated

import typer

from infra.cli.commands.options import AsJson, ReadyFile
from infra.cli.failures import explained
from infra.cli.language import say

app = typer.Typer(no_args_is_help=True, help=say("The businesses that use the platform."))


@app.callback()
def organization() -> None:
    """Keep `create` a command of its own while it is the only one."""


@app.command("create", help=say("Create an organization with its customer service department and WhatsApp responder."))
def create(  # noqa: PLR0913 - the columns of an organization
    *,
    name: Annotated[str, typer.Option("--name", help=say("Name that customers read in replies."))],
    slug: Annotated[str, typer.Option("--slug", help=say("Short unique name: a-z, 0-9 and hyphens."))],
    business_type: Annotated[str, typer.Option("--business-type", help=say("For example fashion, food, services."))],
    locale: Annotated[str, typer.Option("--locale", help=say("Language and country of its replies."))] = "pt-BR",
    timezone: Annotated[str, typer.Option("--timezone", help=say("A zone of the tz database."))] = "America/Sao_Paulo",
    template: Annotated[
        str | None, typer.Option("--template", help=say("Hours and agents of a trade: fashion, food, services."))
    ] = None,
    currency: Annotated[str, typer.Option("--currency", help=say("A code of ISO 4217."))] = "BRL",
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Create it in one transaction and print its ids."""
    from dataclasses import asdict

    from infra.cli.installation import Installation
    from infra.cli.screen import output, print_json
    from shared.platform.keys import Keys
    from shared.platform.settings import KeySettings, load
    from shared.tenants.models import NewOrganization
    from shared.tenants.provisioning import provision_organization

    wanted = NewOrganization(
        name=name, slug=slug, business_type=business_type, locale=locale, timezone=timezone, currency=currency
    )
    with explained(slug=slug, template=template), Installation.named(ready_file).application() as database:
        provisioned = provision_organization(
            database, keys=Keys(load(KeySettings), database), organization=wanted, template=template
        )
    if as_json:
        print_json({**asdict(provisioned), "name": name, "slug": slug})
        return
    console = output()
    console.print(say("Created {name}", name=name), markup=False, highlight=False)
    for key, value in asdict(provisioned).items():
        console.print(f"  {key:<16} {value}", highlight=False)
    console.print(
        say("Next: departments connection add --organization {id} --phone-number-id …", id=provisioned.organization_id),
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
