import pg from 'pg';
import { expect, it } from 'vitest';
import { ask } from './ask.ts';
import { createTestDatabase } from './test-database.ts';

it('each test database has the migrated tables and nothing of another test', async () => {
  const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase()));
  try {
    for (const { url } of databases) {
      expect(
        await ask(url, `select count(*) > 0 as migrated from pg_tables where schemaname = 'public'`),
      ).toEqual([{ migrated: true }]);
      await ask(url, 'create table only_here (n int)');
    }
    expect(new Set(databases.map(({ url }) => url)).size).toBe(3);
  } finally {
    await Promise.all(databases.map(({ drop }) => drop()));
  }
});

it('a test database is dropped although somebody is still connected', async () => {
  const { url, drop } = await createTestDatabase();
  const forgotten = new pg.Client({ connectionString: url });
  forgotten.on('error', () => undefined);
  await forgotten.connect();
  await drop();
  await expect(ask(url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
});
