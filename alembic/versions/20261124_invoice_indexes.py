"""indexes that page and count a customer's invoices without reading or sorting them all"""

from alembic import op

revision = '0110'
down_revision = '0001'
branch_labels = None
depends_on = None

BY_DATE = ['customer_id', 'issued_at', 'id']
BY_AMOUNT = ['customer_id', 'total']


def upgrade():
    """Apply."""
    op.drop_index('ix_invoice_customer_id_issued_at_id', 'invoice')
    op.drop_index('ix_invoice_customer_id_total', 'invoice')
    op.create_index(
        'ix_invoice_customer_id_issued_at_id_invoice_status', 'invoice', [*BY_DATE, 'invoice_status']
    )
    op.create_index(
        'ix_invoice_customer_id_total_issued_at_id_invoice_status',
        'invoice',
        [*BY_AMOUNT, 'issued_at', 'id', 'invoice_status'],
    )


def downgrade():
    """Take back."""
    op.drop_index('ix_invoice_customer_id_total_issued_at_id_invoice_status', 'invoice')
    op.drop_index('ix_invoice_customer_id_issued_at_id_invoice_status', 'invoice')
    op.create_index('ix_invoice_customer_id_total', 'invoice', BY_AMOUNT)
    op.create_index('ix_invoice_customer_id_issued_at_id', 'invoice', BY_DATE)
