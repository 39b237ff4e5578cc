"""credits that plans and subscriptions give"""

import sqlalchemy as sa

from alembic import op

revision = '0302'
down_revision = '0200'
branch_labels = None
depends_on = None


def upgrade():
    """Apply."""
    op.create_table('grant_rule',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('public_id', sa.String(length=40), nullable=False),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('credits', sa.BigInteger(), nullable=False),
    sa.Column('cadence', sa.Enum('ONETIME', 'RECURRING', name='cadence', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('period', sa.Enum('DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'HALF_YEARLY', 'ANNUAL', 'ONETIME', name='period', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('expiration', sa.Enum('NEVER', 'DURATION', 'BILLING_CYCLE', name='expiration', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('expires_after_days', sa.Integer(), nullable=True),
    sa.Column('priority', sa.Integer(), nullable=True),
    sa.Column('start_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('status', sa.Enum('published', 'archived', 'deleted', name='status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('metadata', sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
    sa.CheckConstraint('(plan_id IS NULL) <> (subscription_id IS NULL)', name=op.f('ck_grant_rule_one_scope')),
    sa.CheckConstraint('credits > 0', name=op.f('ck_grant_rule_credits_positive')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_grant_rule_plan_id_plan')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_grant_rule_subscription_id_subscription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grant_rule')),
    sa.UniqueConstraint('public_id', name=op.f('uq_grant_rule_public_id'))
    )
    op.create_index(op.f('ix_grant_rule_plan_id'), 'grant_rule', ['plan_id'], unique=False)
    op.create_index(op.f('ix_grant_rule_subscription_id'), 'grant_rule', ['subscription_id'], unique=False)


def downgrade():
    """Take back."""
    op.drop_index(op.f('ix_grant_rule_subscription_id'), table_name='grant_rule')
    op.drop_index(op.f('ix_grant_rule_plan_id'), table_name='grant_rule')
    op.drop_table('grant_rule')
