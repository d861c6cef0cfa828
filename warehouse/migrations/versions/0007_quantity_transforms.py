"""What is done to a quantity before it is priced, prices below zero, and sums of any length.

Revision ID: 0007
"""

from warehouse.migrations.statements import execute

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table raw_catalog.prices
    add column divide_by numeric(38, 9),
    add column quantity_rounding text,
    add column quantity_rounding_places integer,
    add column is_negative_allowed boolean;

-- sums of quantities of 29 digits; their views are made again by the next build
do $$
declare
    widened record;
    reader record;
begin
    for widened in
        select format('marts.%I', relname) as name, attname as column_name
        from pg_attribute
        inner join pg_class on pg_class.oid = attrelid
        where relnamespace = to_regnamespace('marts')
            and (relname, attname) in (
                ('agg_usage_hourly', 'quantity_sum'),
                ('agg_usage_daily', 'quantity_sum'),
                ('agg_usage_monthly', 'quantity_sum'),
                ('agg_usage_levels_daily', 'level_change')
            )
    loop
        for reader in
            select distinct ev_class::regclass::text as name
            from pg_depend
            inner join pg_rewrite on pg_rewrite.oid = objid
            where refobjid = widened.name::regclass and ev_class <> refobjid
        loop
            execute format('drop view if exists %s cascade', reader.name);
        end loop;
        execute format(
            'alter table %s alter column %I type numeric(60, 9)', widened.name, widened.column_name
        );
    end loop;
end $$;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
