import type { Database } from '../../src/adapters/postgres/database.ts';

/**
 * The schema of a database as text that a person can review: what all migrations together have made, the same for
 * every supported major of PostgreSQL. Months' partitions are left out, since they depend on the day.
 */
export async function schemaText(database: Database): Promise<string> {
  const { rows: tables } = await database.query<{
    readonly oid: number;
    readonly head: string;
    readonly tail: string;
  }>(
    `select c.oid::int, format('create table %I (', c.relname) as head,
            ')' || coalesce(' partition by ' || pg_get_partkeydef(c.oid), '')
                || coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', '') || ';' as tail
     from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and not c.relispartition and c.relname <> 'schema_migrations'
     order by c.relname`,
  );
  const parts: string[] = [];
  for (const { oid, head, tail } of tables) {
    const { rows: columns } = await database.query<{ readonly line: string }>(
      `select format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
                || case when a.attnotnull then ' not null' else '' end
                || case a.attidentity when 'a' then ' generated always as identity' else '' end
                || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as line
       from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      [oid],
    );
    // PostgreSQL 18 lists "not null" among the constraints; it stands with its column already.
    const { rows: constraints } = await database.query<{ readonly line: string }>(
      `select format('constraint %I %s', conname, pg_get_constraintdef(oid)) as line
       from pg_constraint where conrelid = $1 and contype <> 'n' order by contype = 'p' desc, conname`,
      [oid],
    );
    const lines = [...columns, ...constraints].map(({ line }) => `  ${line}`);
    parts.push([head, lines.join(',\n'), tail].join('\n'));
    const { rows: indexes } = await database.query<{ readonly line: string }>(
      `select pg_get_indexdef(indexrelid) || ';' as line
       from pg_index where indrelid = $1
         and not exists (select from pg_constraint where conindid = indexrelid)
       order by 1`,
      [oid],
    );
    if (indexes.length > 0) parts.push(indexes.map(({ line }) => line).join('\n'));
    const { rows: triggers } = await database.query<{ readonly line: string }>(
      `select pg_get_triggerdef(oid) || ';' as line
       from pg_trigger where tgrelid = $1 and not tgisinternal order by tgname`,
      [oid],
    );
    if (triggers.length > 0) parts.push(triggers.map(({ line }) => line).join('\n'));
  }
  const { rows: functions } = await database.query<{ readonly line: string }>(
    `select pg_get_functiondef(p.oid) || ';' as line
     from pg_proc p where p.pronamespace = 'public'::regnamespace order by p.proname`,
  );
  parts.push(...functions.map(({ line }) => line));
  return `${parts.join('\n\n')}\n`;
}
