"""which pages may frame the portal"""

import sqlalchemy as sa

from alembic import op

revision = '0600'
down_revision = '0302'
branch_labels = None
depends_on = None


def upgrade():
    """Apply."""
    op.create_table('embed_origins',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('origin', sa.String(length=255), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_embed_origins')),
    sa.UniqueConstraint('origin', name=op.f('uq_embed_origins_origin'))
    )


def downgrade():
    """Take back."""
    op.drop_table('embed_origins')
