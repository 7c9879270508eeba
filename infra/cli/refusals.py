"""Every refusal of the command: its stable code, how it ends, its text and what to do next, in both languages.

Programs may rely on the codes; docs/operations.md lists them and a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.cli.failures import CommandFailed, ExitCode
from infra.cli.language import language, say


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way a command says no; `text` and `next_step` are templates for `str.format`."""

    exit_code: ExitCode
    text: str
    next_step: str = ""


REFUSALS = {
    # what was given cannot be used
    "not_a_file": Refusal(ExitCode.USAGE, "{path} is not a file that can be read", "check the path"),
    "not_a_folder": Refusal(ExitCode.USAGE, "{path} is not a folder that can be read", "check the path"),
    "not_a_ready_file": Refusal(
        ExitCode.USAGE,
        "{path} is not the ready file of a running stack: {reason}",
        "start one: departments up --ready-file {path}",
    ),
    "settings_missing": Refusal(ExitCode.USAGE, "{reason}", "set them, or name a running stack with --ready-file"),
    "database_url_unusable": Refusal(
        ExitCode.USAGE,
        "the database's URL cannot be used: {reason}",
        "write it as postgresql+pg8000://USER:PASSWORD@HOST:5432/DATABASE, or with ?unix_sock=/PATH/.s.PGSQL.5432",
    ),
    "replay_what": Refusal(
        ExitCode.USAGE,
        "there is nothing to replay: neither files nor quarantined deliveries were named",
        "name payload files, or use --quarantined with --delivery, --since and --until, or --organization",
    ),
    "spending_limit": Refusal(
        ExitCode.REFUSED, "the organization's spending limit is reached", "raise it, or go on when its period is over"
    ),
    "import_what": Refusal(
        ExitCode.USAGE, "there is nothing to import", "name folders or files, or a file of addresses with --urls"
    ),
    "prune_what": Refusal(
        ExitCode.USAGE, "--prune compares with one folder, and that is not what was named", "name one folder"
    ),
    "token_source": Refusal(
        ExitCode.USAGE,
        "the access token has to come from one place",
        "use --token-file FILE, --token-stdin or --token-env NAME; a terminal is asked for it",
    ),
    "account_choice": Refusal(
        ExitCode.USAGE,
        "it has to be said which account: exactly one",
        "use --phone-number-id, --instagram-account-id or --page-id",
    ),
    "switch_choice": Refusal(
        ExitCode.USAGE,
        "it has to be said what is switched: the platform, or an organization and perhaps its agent",
        "use --platform, or --organization with --agent where only one agent is meant",
    ),
    "setting_unusable": Refusal(
        ExitCode.USAGE, "{setting!r} is not a setting", "write it as KEY=JSON, such as message_limit=600"
    ),
    "time_unusable": Refusal(
        ExitCode.USAGE, "{value!r} is not a moment", "write it as 2026-12-31T23:59:00Z or with another offset"
    ),
    # something is not there, or not now
    "unavailable": Refusal(ExitCode.UNAVAILABLE, "not possible at the moment: {reason}", "try again"),
    "database_unreachable": Refusal(
        ExitCode.UNAVAILABLE, "the database did not answer: {reason}", "start it, or correct the address"
    ),
    "receiver_unreachable": Refusal(
        ExitCode.UNAVAILABLE, "{url} did not answer: {reason}", "start it, or correct --url"
    ),
    "stack_unusable": Refusal(ExitCode.UNAVAILABLE, "{reason}"),
    "demo_stuck": Refusal(
        ExitCode.FAILED, "{what} within {seconds:.0f} s", "keep the data with --data-dir and read its logs folder"
    ),
    # understood, and refused
    "not_migrated": Refusal(ExitCode.REFUSED, "the database has no schema of this version", "run: departments migrate"),
    "login_without_rights": Refusal(
        ExitCode.REFUSED, "the database's login has not the rights of {role}", "use a login that is a member of it"
    ),
    "migration_refused": Refusal(
        ExitCode.REFUSED, "the database refused the migration: {reason}", "migrate as the owner of the database"
    ),
    "organization_unknown": Refusal(
        ExitCode.REFUSED, "there is no organization {organization!r}", "use the id that `organization create` printed"
    ),
    "slug_unusable": Refusal(
        ExitCode.REFUSED,
        "{slug!r} cannot be a slug: 1 to 100 of a-z, 0-9 and hyphens, with a letter or digit at both ends",
        "choose another with --slug",
    ),
    "slug_taken": Refusal(
        ExitCode.REFUSED, "the slug {slug!r} belongs to another organization", "choose another with --slug"
    ),
    "value_unusable": Refusal(ExitCode.REFUSED, "{reason}", "correct it and try again"),
    "account_unusable": Refusal(
        ExitCode.REFUSED,
        "{account!r} is not the id of an account: Meta's ids are digits only (not the number itself)",
        "copy it from the app's settings",
    ),
    "account_taken": Refusal(
        ExitCode.REFUSED,
        "the account {account} is connected to another organization",
        "that organization has to revoke it first: departments connection revoke",
    ),
    "account_not_owned": Refusal(
        ExitCode.REFUSED,
        "the token is not of the account {account}: {reason}",
        "make a token with access to this account, or correct its id",
    ),
    "token_refused": Refusal(
        ExitCode.REFUSED, "the provider does not take the token: {reason}", "make a new token at the provider"
    ),
    "permission_missing": Refusal(
        ExitCode.REFUSED,
        "the token lacks a permission: {reason}",
        "make a token with the permissions of docs/operations.md",
    ),
    "provider_refused": Refusal(
        ExitCode.REFUSED, "the provider refused to say whose the token is: {reason}", "look the code up at the provider"
    ),
    "connection_unknown": Refusal(
        ExitCode.REFUSED,
        "the organization has no connection {connection!r}",
        "list them: departments connection list --organization {organization}",
    ),
    "token_unusable": Refusal(
        ExitCode.REFUSED,
        "an access token is 1 to {limit} printable characters without spaces; this is none",
        "check what the file holds",
    ),
    "handoff_unknown": Refusal(
        ExitCode.REFUSED,
        "nobody was called to {handoff}",
        "see who waits: departments handoff list --organization {organization}",
    ),
    "handoff_taken": Refusal(
        ExitCode.REFUSED,
        "somebody else has this conversation",
        "see with whom it is: departments handoff show --handoff {handoff}",
    ),
    "handoff_closed": Refusal(ExitCode.REFUSED, "people do not have this conversation any more"),
    "newer_message": Refusal(
        ExitCode.REFUSED,
        "the customer has written again",
        "read what the customer wrote: departments handoff show --handoff {handoff}",
    ),
    "person_unknown": Refusal(
        ExitCode.REFUSED, "the organization has no user {user!r}", "use a user's id or e-mail address"
    ),
    "no_files": Refusal(ExitCode.REFUSED, "{path} holds no document that can be imported", "check the path"),
    "too_many_files": Refusal(
        ExitCode.REFUSED,
        "{path} holds too many files: at most {limit} are imported at once",
        "name a folder of its parts",
    ),
    "faq_choice": Refusal(
        ExitCode.USAGE, "a draft replaces the live entry or leaves it, not both", "choose --replace or --keep"
    ),
    "faq_state": Refusal(ExitCode.USAGE, "{state!r} is not a state of drafts", "use one of: {states}"),
    "month_unusable": Refusal(ExitCode.USAGE, "{month!r} is not a month", "write it as 2026-12"),
    "faq_draft_unknown": Refusal(
        ExitCode.REFUSED,
        "the organization has no draft {draft}",
        "list them: departments faq drafts --organization {organization}",
    ),
    "faq_draft_decided": Refusal(
        ExitCode.REFUSED,
        "the draft {draft} is decided already",
        "list them: departments faq drafts --organization {organization}",
    ),
    "faq_conflict": Refusal(
        ExitCode.REFUSED,
        "the draft {draft} contradicts what is live: {reason}",
        "compare them: departments faq show {draft}; then approve with --replace or --keep",
    ),
    "faq_no_conflict": Refusal(
        ExitCode.REFUSED, "there is no entry that {draft} contradicts", "approve it without --keep, or reject it"
    ),
    "faq_in_file": Refusal(
        ExitCode.REFUSED,
        "the answer to this question is written in a file: {reason}",
        "change the file and import it, or approve with --keep",
    ),
    "template_unknown": Refusal(ExitCode.REFUSED, "there is no template {template!r}", "use fashion, food or services"),
    "agent_unknown": Refusal(
        ExitCode.REFUSED,
        "there is no agent {agent!r}, or there are several of this type",
        "list them: departments agent list --organization {organization}",
    ),
    "agent_without_run": Refusal(ExitCode.REFUSED, "this agent does nothing by itself: {reason}"),
    "reason_missing": Refusal(ExitCode.USAGE, "a switch is turned for a reason", "say why with --reason"),
    "delivery_unknown": Refusal(
        ExitCode.REFUSED,
        "there is no delivery {delivery}",
        "list them: departments replay --quarantined --list",
    ),
}


def refused(code: str, **values: object) -> CommandFailed:
    """Make the failure of a refusal, in the language of this process."""
    refusal = REFUSALS[code]
    next_step = say(refusal.next_step, **values) if refusal.next_step else ""
    return CommandFailed(refusal.exit_code, say(refusal.text, **values), next_step=next_step, code=code)


def failure_of(refusal: Exception, values: Mapping[str, object]) -> CommandFailed:
    """Make the failure of what the platform refused: in this table's words where it has them, else in the platform's.

    Args:
        refusal: `Rejected`, `Unavailable` or `SettingsMissing`.
        values: what the texts of this table name.
    """
    from shared.kit.errors import Rejected, Unavailable
    from shared.platform.refusals import REFUSALS as PLATFORM

    if isinstance(refusal, Unavailable):
        return refused("unavailable", reason=refusal.message)
    if not isinstance(refusal, Rejected):
        return refused("settings_missing", reason=str(refusal))
    if refusal.code in REFUSALS:
        return refused(refusal.code, **{"reason": refusal.message, **values})
    known = PLATFORM.get(refusal.code)
    message = known.message_pt if known is not None and language() == "pt" else refusal.message
    return CommandFailed(ExitCode.REFUSED, message, code=refusal.code)
