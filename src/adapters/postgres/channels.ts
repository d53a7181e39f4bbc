import type { Connection, Queryable } from './database.ts';

/** Who brings merchants to the acquirer. */
export interface Channel {
  readonly id: string;
  readonly name: string;
  /** The channel above; `null`: it stands directly below the acquirer. */
  readonly parent: string | null;
  /** Its PID: the source of the merchants that it brings. ONB-02. */
  readonly source: string;
  readonly createdAt: Date;
  /** Since when nothing is put below it and no key speaks for it; `null`: it is in use. */
  readonly closedAt: Date | null;
}

export interface ListedChannel extends Channel {
  /** The channels above it and itself, the uppermost first. */
  readonly path: readonly string[];
  /** Channels that stand directly below it and are in use. */
  readonly channelCount: number;
  /** Merchants that it has brought itself. */
  readonly merchantCount: number;
}

/**
 * Whoever changes who stands below whom, closes a channel or puts a merchant below one waits for the others who do, until
 * the end of the transaction. Taken before any row is locked.
 */
export async function lockChannels(connection: Connection): Promise<void> {
  await connection.query(`select pg_advisory_xact_lock(hashtext('shoudan channels'))`);
}

const columns = `c.id, c.name, c.parent, c.source, c.created_at as "createdAt", c.closed_at as "closedAt"`;

const counts = `(select count(*)::int from channels b where b.parent = c.id and b.closed_at is null) as "channelCount",
  (select count(*)::int from merchants m where m.channel_id = c.id) as "merchantCount"`;

/** All channels, each directly followed by what is below it. */
export async function listChannels(database: Queryable): Promise<ListedChannel[]> {
  const { rows } = await database.query<ListedChannel>(
    `with recursive tree as (
       select id, array[id] as path from channels where parent is null
       union all
       select c.id, tree.path || c.id from channels c join tree on c.parent = tree.id
     )
     select ${columns}, tree.path, ${counts} from tree join channels c on c.id = tree.id order by tree.path`,
  );
  return rows;
}

export async function findChannel(database: Queryable, id: string): Promise<ListedChannel | null> {
  const { rows } = await database.query<ListedChannel>(
    `with recursive above as (
       select id, parent, 1 as height from channels where id = $1
       union all
       select c.id, c.parent, above.height + 1 from channels c join above on c.id = above.parent
     )
     select ${columns}, (select array_agg(id order by height desc) from above) as path, ${counts}
     from channels c where c.id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

/** `false`: a channel of this id is there already. */
export async function createChannel(
  database: Queryable,
  channel: Pick<Channel, 'id' | 'name' | 'parent' | 'source'>,
): Promise<boolean> {
  const { rowCount } = await database.query(
    `insert into channels (id, name, parent, source) values ($1, $2, $3, $4) on conflict (id) do nothing`,
    [channel.id, channel.name, channel.parent, channel.source],
  );
  return rowCount === 1;
}

/** Puts a channel with everything below it elsewhere. The database refuses to put one below itself. */
export async function moveChannel(connection: Connection, id: string, parent: string | null): Promise<void> {
  await connection.query('update channels set parent = $2 where id = $1', [id, parent]);
}

export async function setChannel(
  connection: Connection,
  { id, name, source }: Pick<Channel, 'id' | 'name' | 'source'>,
): Promise<void> {
  await connection.query('update channels set name = $2, source = $3 where id = $1', [id, name, source]);
}

/** For good. Whoever closes it has seen that nothing is below it. */
export async function closeChannel(connection: Connection, id: string): Promise<void> {
  await connection.query('update channels set closed_at = clock_timestamp() where id = $1', [id]);
}
