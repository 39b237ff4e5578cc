"""ledger rows and audit entries are only ever added: the database itself refuses to change or delete one"""

from alembic import op

revision = '0111'
down_revision = '0110'
branch_labels = None
depends_on = None

TABLES = ('wallet_transaction', 'audit_entry')


def upgrade():
    """Apply. A later migration that lets SQLite copy one of these tables must make its triggers again."""
    if op.get_bind().dialect.name == 'sqlite':
        for table in TABLES:
            for change in ('UPDATE', 'DELETE'):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade():
    """Take back."""
    if op.get_bind().dialect.name == 'sqlite':
        for table in TABLES:
            for change in ('update', 'delete'):
                op.execute(f'DROP TRIGGER {table}_no_{change}')
        return
    for table in TABLES:
        op.execute(f'DROP TRIGGER {table}_append_only ON {table}')
    op.execute('DROP FUNCTION refuse_change()')
