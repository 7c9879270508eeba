"""Alembic's environment: runs the chain of `sql/` on the connection that `migrations.run` prepared."""

from alembic import context

from migrations.chain import revision_map

context.script.revision_map = revision_map()
context.configure(
    connection=context.config.attributes["connection"],
    transaction_per_migration=True,
    on_version_apply=context.config.attributes["on_version_apply"],
)
with context.begin_transaction():
    context.run_migrations()
