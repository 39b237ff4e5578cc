"""the operator's people, what their pages ask of sessions and the audit log, and the words customers are found by"""

import re

import sqlalchemy as sa

from alembic import op

revision = '0501'
down_revision = '0601'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = sa.DateTime(timezone=True)
WORD = sa.String(length=80).with_variant(sa.String(length=80, collation='C'), 'postgresql')


def upgrade():
    """Apply."""
    op.create_table('operator_account',
    sa.Column('id', KEY, nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('updated_at', MOMENT, nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('role', sa.Enum('viewer', 'support', 'admin', name='role', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('password_hash', sa.String(length=255), nullable=False),
    sa.Column('disabled_at', MOMENT, nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operator_account')),
    sa.UniqueConstraint('email', name=op.f('uq_operator_account_email'))
    )
    op.create_table('operator_session',
    sa.Column('id', KEY, nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('updated_at', MOMENT, nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('operator_id', KEY, nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('last_used_at', MOMENT, nullable=False),
    sa.Column('expires_at', MOMENT, nullable=False),
    sa.Column('ended_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['operator_id'], ['operator_account.id'], name=op.f('fk_operator_session_operator_id_operator_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operator_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_operator_session_token_hash'))
    )
    op.create_index(op.f('ix_operator_session_operator_id'), 'operator_session', ['operator_id'])
    op.create_table('sign_in_failure',
    sa.Column('id', KEY, nullable=False),
    sa.Column('bucket', sa.String(length=320), nullable=False),
    sa.Column('at', MOMENT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_failure'))
    )
    op.create_index(op.f('ix_sign_in_failure_bucket_at'), 'sign_in_failure', ['bucket', 'at'])
    op.add_column('portal_session', sa.Column('address', sa.String(length=64), nullable=False, server_default=''))
    op.add_column('portal_session', sa.Column('is_preview', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('portal_session', sa.Column('open_count', sa.Integer(), nullable=False, server_default='0'))
    op.execute('UPDATE portal_session SET open_count = 1 WHERE first_used_at IS NOT NULL')
    op.create_index(op.f('ix_audit_entry_action_id'), 'audit_entry', ['action', 'id'])
    op.create_index(op.f('ix_audit_entry_at'), 'audit_entry', ['at'])
    op.create_index(op.f('ix_customer_status_name_id'), 'customer', ['status', 'name', 'id'])
    op.create_index(op.f('ix_customer_name_id'), 'customer', ['name', 'id'])
    op.create_index(op.f('ix_customer_status_created_at_id'), 'customer', ['status', 'created_at', 'id'])
    words = op.create_table('customer_word',
    sa.Column('customer_id', KEY, nullable=False),
    sa.Column('word', WORD, nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_customer_word_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', 'word', name=op.f('pk_customer_word'))
    )
    _fill(words)
    op.create_index(op.f('ix_customer_word_word_customer_id'), 'customer_word', ['word', 'customer_id'])


def downgrade():
    """Take back."""
    op.drop_table('customer_word')
    for name, table in (
        ('customer_status_created_at_id', 'customer'), ('customer_name_id', 'customer'),
        ('customer_status_name_id', 'customer'), ('audit_entry_at', 'audit_entry'),
        ('audit_entry_action_id', 'audit_entry'),
    ):
        op.drop_index(f'ix_{name}', table)
    for column in ('open_count', 'is_preview', 'address'):
        # Both engines can; Alembic would copy the table on SQLite.
        op.execute(f'ALTER TABLE portal_session DROP COLUMN {column}')
    for table in ('sign_in_failure', 'operator_session', 'operator_account'):
        op.drop_table(table)


def _fill(words):
    connection, after = op.get_bind(), 0
    customers = sa.table('customer', *map(sa.column, ('id', 'name', 'external_id', 'email')))
    while True:
        page = sa.select(customers).where(customers.c.id > after).order_by(customers.c.id).limit(1000)
        rows = connection.execute(page).all()
        if not rows:
            return
        found = [{'customer_id': key, 'word': word} for key, *texts in rows for word in _words(texts)]
        if found:
            connection.execute(sa.insert(words), found)
        after = rows[-1][0]


def _words(texts):
    # As models/customer.py cuts them: the pieces between blanks, and what is between their other characters.
    pieces = [piece for text in texts for piece in text.casefold().split()]
    parts = [part for piece in pieces for part in re.split(r'[\W_]+', piece)]
    return {word[:80] for word in [*pieces, *parts] if word}
