"""what the REST API keeps beside the first columns: the operator's own words, and how periods repeat"""

import sqlalchemy as sa

from alembic import op

revision = '0301'
down_revision = '0111'
branch_labels = None
depends_on = None

WITH_METADATA = ('customer', 'wallet', 'wallet_transaction', 'plan', 'subscription', 'invoice', 'line_item', 'payment')
LISTED_NEWEST_FIRST = ('customer', 'invoice', 'wallet_transaction')
REFERENCES = {'price_ref': 40, 'plan_ref': 40, 'plan_name': 255, 'meter_ref': 40, 'meter_name': 255}
PERIODS = "'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'HALF_YEARLY', 'ANNUAL', 'ONETIME'"


def upgrade():
    """Apply. Columns are added in place: SQLite would have to copy every table that has a constraint changed."""
    for table in WITH_METADATA:
        op.add_column(table, sa.Column('metadata', sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column('plan', sa.Column('display_order', sa.Integer(), nullable=True))
    op.execute(
        "ALTER TABLE subscription ADD COLUMN billing_cycle VARCHAR(40) DEFAULT 'anniversary' NOT NULL "
        "CONSTRAINT ck_subscription_billing_cycle CHECK (billing_cycle IN ('anniversary', 'calendar'))"
    )
    op.add_column('subscription', sa.Column('billing_anchor_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('subscription', sa.Column('timezone', sa.String(64), nullable=False, server_default=''))
    op.add_column('subscription', sa.Column('trial_start_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE invoice ADD COLUMN billing_period VARCHAR(40) "
        f"CONSTRAINT ck_invoice_billing_period CHECK (billing_period IN ({PERIODS}))"
    )
    op.add_column('invoice', sa.Column('finalized_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('invoice', sa.Column('idempotency_key', sa.String(255), nullable=True))
    op.create_index('ix_invoice_customer_id_idempotency_key', 'invoice', ['customer_id', 'idempotency_key'], unique=True)
    for table in LISTED_NEWEST_FIRST:
        op.create_index(f'ix_{table}_created_at_id', table, ['created_at', 'id'])
    for name, length in REFERENCES.items():
        op.add_column('line_item', sa.Column(name, sa.String(length), nullable=False, server_default=''))
    op.create_table('invoice_sequence',
    sa.Column('month', sa.String(length=6), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('month', name=op.f('pk_invoice_sequence'))
    )


def downgrade():
    """Take back."""
    op.drop_table('invoice_sequence')
    for table in LISTED_NEWEST_FIRST:
        op.drop_index(f'ix_{table}_created_at_id', table)
    for name in REFERENCES:
        _drop('line_item', name)
    op.drop_index('ix_invoice_customer_id_idempotency_key', 'invoice')
    for name in ('idempotency_key', 'finalized_at', 'billing_period'):
        _drop('invoice', name)
    for name in ('trial_start_at', 'timezone', 'billing_anchor_at', 'billing_cycle'):
        _drop('subscription', name)
    _drop('plan', 'display_order')
    for table in WITH_METADATA:
        _drop(table, 'metadata')


def _drop(table, column):
    # Both engines can; Alembic would copy the table on SQLite, which foreign keys to it forbid.
    op.execute(f'ALTER TABLE {table} DROP COLUMN {column}')
