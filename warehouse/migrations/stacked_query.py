"""A query with all the views below it, as one statement that can be cut to some customers."""

STACKED_QUERY = r"""
-- Writes a query out with every view below it as a CTE, so that a restriction reaches the tables.
--   customer_ids  whose rows tables and views with a customer_id have; null: everybody's
--   replacements  {"schema.name": query}: what is read in place of a relation
-- Views without a customer_id stay as they are while customer_ids are given: they are of everybody.
-- A replacement reads the relation itself by its quoted name: schema."name".
create function ops.stacked_query(
    query text, customer_ids text[] default null, replacements jsonb default '{}'
) returns text language plpgsql stable
set search_path = ''
as $$
declare
    pattern constant text :=
        '\m(staging|intermediate|marts|reporting|ops|raw_usage|raw_catalog)\.([a-z][a-z0-9_]*)\M';
    wanted text[] := '{}';
    bodies jsonb := '{}';
    below jsonb := '{}';
    written text[] := '{}';
    ctes text[] := '{}';
    current_name text := '';
    body text := query;
    short_name text;
    found record;
    names text[];
    position integer := 0;
    written_before integer;
begin
    loop
        body := regexp_replace(
            replace(body, format('"%s".', current_database()), ''),
            '"([a-z_]+)"\."([a-z][a-z0-9_]*)"', '\1.\2', 'g'
        );
        names := '{}';
        for found in
            select distinct
                matches.parts[1] || '.' || matches.parts[2] as name,
                matches.parts[2] as short,
                classes.relkind as kind,
                exists (
                    select 1 from pg_catalog.pg_attribute as attributes
                    where attributes.attrelid = classes.oid
                        and attributes.attname = 'customer_id' and not attributes.attisdropped
                ) as has_customer
            from regexp_matches(body, pattern, 'g') as matches (parts)
            inner join pg_catalog.pg_namespace as spaces on matches.parts[1] = spaces.nspname
            inner join pg_catalog.pg_class as classes
                on spaces.oid = classes.relnamespace and matches.parts[2] = classes.relname
        loop
            continue when not (
                replacements ? found.name
                or (found.has_customer and customer_ids is not null)
                or (found.kind = 'v' and customer_ids is null)
            );
            names := names || found.name;
            body := regexp_replace(
                body, '\m' || replace(found.name, '.', '\.') || '\M', found.short, 'g'
            );
            if not found.name = any(wanted) then
                wanted := wanted || found.name;
            end if;
        end loop;
        bodies := bodies || jsonb_build_object(current_name, body);
        below := below || jsonb_build_object(current_name, to_jsonb(names));
        position := position + 1;
        exit when position > cardinality(wanted);
        current_name := wanted[position];
        body := case
            when replacements ? current_name then replacements ->> current_name
            when (select relkind from pg_catalog.pg_class where oid = current_name::regclass) = 'v'
                then rtrim(pg_get_viewdef(current_name::regclass), ';')
            else format(
                'select * from %I.%I where customer_id = any(%L::text[])',
                split_part(current_name, '.', 1), split_part(current_name, '.', 2), customer_ids
            )
        end;
        -- the table itself is not to be found again in its own query
        if not replacements ? current_name and body like 'select * from %' then
            body := replace(
                body, current_name || ' where', split_part(current_name, '.', 1)
                || '."' || split_part(current_name, '.', 2) || '" where'
            );
        end if;
    end loop;
    -- what a query reads comes before it
    loop
        written_before := cardinality(written);
        for found in
            select entry.name from unnest(wanted) with ordinality as entry (name, number)
            where not entry.name = any(written)
                and not exists (
                    select 1 from jsonb_array_elements_text(below -> entry.name) as lower_one (name)
                    where not lower_one.name = any(written)
                )
            order by entry.number
        loop
            written := written || found.name;
            short_name := split_part(found.name, '.', 2);
            ctes := ctes || format(
                E'%I as %s(%s\n)', short_name,
                case
                    when bodies ->> found.name like 'select * from %' then 'not materialized '
                    else ''
                end,
                bodies ->> found.name
            );
        end loop;
        exit when cardinality(written) = cardinality(wanted);
        if cardinality(written) = written_before then
            raise exception 'the views below the query can not be put in order';
        end if;
    end loop;
    if cardinality(ctes) = 0 then
        return bodies ->> '';
    end if;
    return 'with ' || array_to_string(ctes, E',\n')
        || E'\nselect * from (' || (bodies ->> '') || E'\n) as stacked_rows';
end $$;
alter function ops.stacked_query(text, text[], jsonb) owner to mh_owner;
grant execute on function ops.stacked_query(text, text[], jsonb) to mh_transformer, mh_finance;
"""
