"""What Alembic runs. The connection comes from ``schema.upgrade``, within its transaction and lock."""

from alembic import context

from cds_service.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
    transactional_ddl=False,  # the transaction is not Alembic's
)
context.run_migrations()
