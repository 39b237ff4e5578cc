"""usage: features, their groups, meters and entitlements, prices of usage, events and what is counted of them"""

import sqlalchemy as sa

from alembic import op

revision = '0200'
down_revision = '0301'
branch_labels = None
depends_on = None

PRICE_COLUMNS = (
    'subscription_id {integer} CONSTRAINT fk_price_subscription_id_subscription REFERENCES subscription (id)',
    'meter_id {integer} CONSTRAINT fk_price_meter_id_meter REFERENCES meter (id)',
    'group_id {integer} CONSTRAINT fk_price_group_id_feature_group REFERENCES feature_group (id)',
    'lookup_key VARCHAR(255)',
    "tier_mode VARCHAR(40) CONSTRAINT ck_price_tier_mode CHECK (tier_mode IN ('VOLUME', 'SLAB'))",
    'divide_by BIGINT',
    "rounding VARCHAR(40) CONSTRAINT ck_price_rounding CHECK (rounding IN ('up', 'down'))",
    'min_quantity BIGINT',
    "status VARCHAR(40) DEFAULT 'published' NOT NULL "
    "CONSTRAINT ck_price_status CHECK (status IN ('published', 'archived', 'deleted'))",
    "metadata JSON DEFAULT '{}' NOT NULL",
)
"""Added in place: SQLite would have to copy the table otherwise."""


def upgrade():
    """Apply."""
    op.create_table('feature_group',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('public_id', sa.String(length=40), nullable=False),
    sa.Column('external_id', sa.String(length=255), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('lookup_key', sa.String(length=255), nullable=False),
    sa.Column('entity_type', sa.Enum('feature', 'price', name='entity_type', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('status', sa.Enum('published', 'archived', 'deleted', name='status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('metadata', sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feature_group')),
    sa.UniqueConstraint('external_id', name=op.f('uq_feature_group_external_id')),
    sa.UniqueConstraint('lookup_key', name=op.f('uq_feature_group_lookup_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_feature_group_public_id'))
    )
    op.create_table('meter',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('public_id', sa.String(length=40), nullable=False),
    sa.Column('external_id', sa.String(length=255), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('event_name', sa.String(length=255), nullable=False),
    sa.Column('aggregation', sa.Enum('COUNT', 'SUM', 'AVG', 'COUNT_UNIQUE', 'LATEST', 'SUM_WITH_MULTIPLIER', 'MAX', 'WEIGHTED_SUM', name='aggregation', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('field', sa.String(length=255), nullable=False),
    sa.Column('multiplier', sa.BigInteger(), nullable=True),
    sa.Column('filters', sa.JSON(), nullable=False),
    sa.Column('reset_usage', sa.Enum('BILLING_PERIOD', 'NEVER', name='reset_usage', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('status', sa.Enum('published', 'archived', 'deleted', name='status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meter')),
    sa.UniqueConstraint('external_id', name=op.f('uq_meter_external_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_meter_public_id'))
    )
    op.create_index('ix_meter_event_name', 'meter', ['event_name'])

    op.create_table('usage_amendment',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), autoincrement=False, nullable=False),
    sa.Column('is_void', sa.Boolean(), nullable=False),
    sa.Column('name', sa.Integer(), nullable=False),
    sa.Column('properties', sa.Text(), nullable=False),
    sa.Column('amended_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'event_id', name=op.f('pk_usage_amendment')),
    sqlite_with_rowid=False
    )
    op.create_table('usage_cell',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('meter_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('events', sa.BigInteger(), nullable=False),
    sa.Column('high', sa.BigInteger(), nullable=False),
    sa.Column('low', sa.BigInteger(), nullable=False),
    sa.Column('moment_high', sa.BigInteger(), nullable=True),
    sa.Column('moment_low', sa.BigInteger(), nullable=True),
    sa.Column('value', sa.BigInteger(), nullable=True),
    sa.Column('last_at', sa.BigInteger(), nullable=True),
    sa.Column('last_event_id', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), nullable=True),
    sa.PrimaryKeyConstraint('customer_id', 'meter_id', 'bucket', name=op.f('pk_usage_cell')),
    postgresql_with={'fillfactor': 70},
    sqlite_with_rowid=False
    )
    op.create_table('usage_conflict',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), autoincrement=False, nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('properties', sa.Text(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'event_id', name=op.f('pk_usage_conflict')),
    sqlite_with_rowid=False
    )
    op.create_table('usage_event',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), autoincrement=False, nullable=False),
    sa.Column('name', sa.Integer(), nullable=False),
    sa.Column('source', sa.Integer(), nullable=False),
    sa.Column('properties', sa.Text(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'at', 'event_id', name=op.f('pk_usage_event')),
    sqlite_with_rowid=False
    )
    op.create_table('usage_horizon',
    sa.Column('id', sa.SmallInteger(), nullable=False),
    sa.Column('before_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_horizon'))
    )
    op.create_table('usage_key',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'event_id', name=op.f('pk_usage_key')),
    sqlite_with_rowid=False
    )
    op.create_table('usage_problem',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('meter_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), autoincrement=False, nullable=False),
    sa.Column('problem', sa.String(length=400), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'meter_id', 'at', 'event_id', name=op.f('pk_usage_problem')),
    sqlite_with_rowid=False
    )
    op.create_table('usage_stream',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('name', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('events', sa.BigInteger(), nullable=False),
    sa.Column('purged', sa.BigInteger(), nullable=False),
    sa.Column('first_at', sa.BigInteger(), nullable=False),
    sa.Column('last_at', sa.BigInteger(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'name', name=op.f('pk_usage_stream')),
    postgresql_with={'fillfactor': 70},
    sqlite_with_rowid=False
    )
    op.create_table('usage_text',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('meter_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('text', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'meter_id', 'bucket', 'text', name=op.f('pk_usage_text')),
    sqlite_with_rowid=False
    )
    op.create_table('usage_unmatched',
    sa.Column('external_customer_id', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Integer(), nullable=False),
    sa.Column('source', sa.Integer(), nullable=False),
    sa.Column('properties', sa.Text(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('conflicts', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('external_customer_id', 'event_id', name=op.f('pk_usage_unmatched')),
    sqlite_with_rowid=False
    )
    op.create_table('usage_word',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('word', sa.String(length=255), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_word')),
    sa.UniqueConstraint('word', name=op.f('uq_usage_word_word'))
    )
    op.create_table('feature',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('public_id', sa.String(length=40), nullable=False),
    sa.Column('external_id', sa.String(length=255), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('lookup_key', sa.String(length=255), nullable=True),
    sa.Column('description', sa.String(length=1000), nullable=False),
    sa.Column('type', sa.Enum('metered', 'boolean', 'static', 'config', name='type', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('meter_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('unit_singular', sa.String(length=64), nullable=False),
    sa.Column('unit_plural', sa.String(length=64), nullable=False),
    sa.Column('reporting_unit', sa.JSON(), nullable=True),
    sa.Column('status', sa.Enum('published', 'archived', 'deleted', name='status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('metadata', sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['feature_group.id'], name=op.f('fk_feature_group_id_feature_group')),
    sa.ForeignKeyConstraint(['meter_id'], ['meter.id'], name=op.f('fk_feature_meter_id_meter')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feature')),
    sa.UniqueConstraint('external_id', name=op.f('uq_feature_external_id')),
    sa.UniqueConstraint('lookup_key', name=op.f('uq_feature_lookup_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_feature_public_id'))
    )
    op.create_table('entitlement',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('public_id', sa.String(length=40), nullable=False),
    sa.Column('external_id', sa.String(length=255), nullable=True),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('feature_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('is_enabled', sa.Boolean(), nullable=False),
    sa.Column('usage_limit', sa.BigInteger(), nullable=True),
    sa.Column('usage_reset_period', sa.Enum('DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'HALF_YEARLY', 'ANNUAL', 'NEVER', name='usage_reset_period', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('is_soft_limit', sa.Boolean(), nullable=False),
    sa.Column('static_value', sa.String(length=1000), nullable=False),
    sa.Column('status', sa.Enum('published', 'archived', 'deleted', name='status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.CheckConstraint('usage_limit IS NULL OR usage_limit >= 0', name=op.f('ck_entitlement_usage_limit_not_negative')),
    sa.ForeignKeyConstraint(['feature_id'], ['feature.id'], name=op.f('fk_entitlement_feature_id_feature')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_entitlement_plan_id_plan')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_entitlement_subscription_id_subscription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entitlement')),
    sa.UniqueConstraint('external_id', name=op.f('uq_entitlement_external_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_entitlement_public_id'))
    )
    op.create_index('ix_entitlement_plan_id', 'entitlement', ['plan_id'])

    op.create_table('price_tier',
    sa.Column('price_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('up_to', sa.BigInteger(), nullable=True),
    sa.Column('unit_amount', sa.BigInteger(), nullable=False),
    sa.Column('flat_amount', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['price_id'], ['price.id'], name=op.f('fk_price_tier_price_id_price')),
    sa.PrimaryKeyConstraint('price_id', 'position', name=op.f('pk_price_tier'))
    )
    integer = 'INTEGER' if op.get_bind().dialect.name == 'sqlite' else 'BIGINT'
    for column in PRICE_COLUMNS:
        op.execute('ALTER TABLE price ADD COLUMN ' + column.replace('{integer}', integer))
    op.create_index('ix_price_lookup_key', 'price', ['lookup_key'], unique=True)


def downgrade():
    """Take back."""
    op.drop_index('ix_price_lookup_key', 'price')
    op.drop_table('price_tier')
    for column in reversed(PRICE_COLUMNS):
        op.execute(f'ALTER TABLE price DROP COLUMN {column.split()[0]}')
    op.drop_index('ix_entitlement_plan_id', 'entitlement')

    op.drop_table('entitlement')
    op.drop_table('feature')
    op.drop_table('usage_word')
    op.drop_table('usage_unmatched')
    op.drop_table('usage_text')
    op.drop_table('usage_stream')
    op.drop_table('usage_problem')
    op.drop_table('usage_key')
    op.drop_table('usage_horizon')
    op.drop_table('usage_event')
    op.drop_table('usage_conflict')
    op.drop_table('usage_cell')
    op.drop_table('usage_amendment')
    op.drop_index('ix_meter_event_name', 'meter')

    op.drop_table('meter')
    op.drop_table('feature_group')
