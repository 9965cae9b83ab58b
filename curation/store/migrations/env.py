"""Alembic's entry: runs the numbered migrations on the connection of the store."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
