"""drafts made void stay out of sight, discounts are told apart; indexes for numbers, keys and what expires"""

import sqlalchemy as sa

from alembic import op

revision = '0701'
down_revision = '0501'
branch_labels = None
depends_on = None

BY_DATE = ['customer_id', 'issued_at', 'id', 'invoice_status']
BY_AMOUNT = ['customer_id', 'total', 'issued_at', 'id', 'invoice_status']
SHOWN = {
    'sqlite_where': sa.text("invoice_status IN ('FINALIZED', 'VOIDED') AND voided_as_draft = 0"),
    'postgresql_where': sa.text("invoice_status IN ('FINALIZED', 'VOIDED') AND NOT voided_as_draft"),
}
HAS_KEY = sa.text('idempotency_key IS NOT NULL')
HOLDS_CREDITS = sa.text('credits_available > 0')


def upgrade():
    """Apply."""
    op.drop_index('ix_invoice_customer_id_issued_at_id_invoice_status', 'invoice')
    op.drop_index('ix_invoice_customer_id_total_issued_at_id_invoice_status', 'invoice')
    op.add_column('invoice', sa.Column('voided_as_draft', sa.Boolean(), nullable=False, server_default=sa.false()))
    # What is issued here says when; what is imported has its id there, and says itself whether it was issued.
    op.execute(
        f"UPDATE invoice SET voided_as_draft = {'true' if op.get_bind().dialect.name == 'postgresql' else '1'} "
        "WHERE invoice_status = 'VOIDED' AND finalized_at IS NULL AND external_id IS NULL"
    )
    op.create_index('ix_invoice_shown_by_date', 'invoice', [*BY_DATE, 'voided_as_draft'], **SHOWN)
    op.create_index('ix_invoice_shown_by_amount', 'invoice', [*BY_AMOUNT, 'voided_as_draft'], **SHOWN)
    op.create_index('ix_invoice_number', 'invoice', ['number'], postgresql_ops={'number': 'text_pattern_ops'})
    op.add_column('line_item', sa.Column('invoice_discount', sa.BigInteger(), nullable=False, server_default='0'))
    op.create_index(
        'ix_wallet_transaction_customer_id_idempotency_key',
        'wallet_transaction',
        ['customer_id', 'idempotency_key'],
        sqlite_where=HAS_KEY,
        postgresql_where=HAS_KEY,
    )
    op.create_index(
        'ix_credit_grant_expires_at',
        'credit_grant',
        ['expires_at'],
        sqlite_where=HOLDS_CREDITS,
        postgresql_where=HOLDS_CREDITS,
    )


def downgrade():
    """Take back. What was hidden is shown again."""
    op.drop_index('ix_credit_grant_expires_at', 'credit_grant')
    op.drop_index('ix_wallet_transaction_customer_id_idempotency_key', 'wallet_transaction')
    op.drop_column('line_item', 'invoice_discount')
    op.drop_index('ix_invoice_number', 'invoice')
    op.drop_index('ix_invoice_shown_by_amount', 'invoice')
    op.drop_index('ix_invoice_shown_by_date', 'invoice')
    op.drop_column('invoice', 'voided_as_draft')
    op.create_index('ix_invoice_customer_id_total_issued_at_id_invoice_status', 'invoice', BY_AMOUNT)
    op.create_index('ix_invoice_customer_id_issued_at_id_invoice_status', 'invoice', BY_DATE)
