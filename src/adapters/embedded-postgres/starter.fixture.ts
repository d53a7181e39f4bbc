// A process of its own that starts an embedded PostgreSQL, for tests that kill the starter. It prints one line of
// JSON when the server answers, restarted servers as `restarted`, and failures as `failed: …`; with `writeRows` then
// the number of each row whose commit was acknowledged.
import pg from 'pg';
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.ts';

export interface StarterRequest {
  readonly options: Pick<EmbeddedPostgresOptions, 'dataDir' | 'binaries' | 'extraSettings'>;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly writeRows?: boolean;
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const request = JSON.parse(process.argv[2] ?? '{}') as StarterRequest;
if (request.user !== undefined) {
  // After everything is loaded: the user need not be able to read this project.
  process.setgroups?.([]);
  process.setgid?.(request.user.gid);
  process.setuid?.(request.user.uid);
}

try {
  const { stop, ...started } = await startEmbeddedPostgres({
    ...request.options,
    onRestart: () => say('restarted'),
  });
  say(JSON.stringify(started));
  process.once('SIGTERM', async () => {
    await stop();
    process.exit(0);
  });
  setInterval(() => undefined, 60_000);
  if (request.writeRows) {
    const client = new pg.Client({ connectionString: started.databaseUrl });
    await client.connect();
    await client.query('create table if not exists acknowledged (n bigint primary key)');
    for (let n = 1; ; n += 1) {
      await client.query('insert into acknowledged values ($1)', [n]);
      say(String(n));
    }
  }
} catch (error) {
  say(`failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
