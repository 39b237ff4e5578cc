"""where a session leads back to"""

import sqlalchemy as sa

from alembic import op

revision = '0601'
down_revision = '0600'
branch_labels = None
depends_on = None


def upgrade():
    """Apply."""
    op.add_column('portal_session', sa.Column('return_url', sa.String(length=2048), server_default='', nullable=False))


def downgrade():
    """Take back."""
    op.drop_column('portal_session', 'return_url')
