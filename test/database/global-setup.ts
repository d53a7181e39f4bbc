import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/embedded-postgres.ts';
import { migrate } from '../../src/adapters/postgres/migrations.ts';
import { templateName } from './test-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The test run's own server, as a role that may make databases. */
    readonly testServerUrl: string;
    /** Goes with the test run, however that ends, and every PostgreSQL in it with it. */
    readonly testRunFolder: string;
  }
}

/**
 * One PostgreSQL for the whole test run, in a temporary folder, with a migrated template that each test clones. It is
 * the only place where durability is relaxed: what it holds is thrown away.
 */
export default async function setUpTestDatabase(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'shoudan-test-'));
  // A server started by root runs as another user, who has to be able to enter.
  chmodSync(folder, 0o755);
  const cleaner = spawnCleaner(folder);
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, 'server'),
    extraSettings: {
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'off',
      max_connections: '200',
    },
  });
  await makeTemplate(server.databaseUrl);
  project.provide('testServerUrl', server.databaseUrl);
  project.provide('testRunFolder', folder);

  return async () => {
    await server.stop();
    const cleaned = new Promise((resolve) => cleaner.once('exit', resolve));
    cleaner.ref();
    cleaner.stdin?.end();
    await cleaned;
    rmSync(folder, { recursive: true, force: true });
  };
}

async function makeTemplate(serverUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  try {
    await admin.query(`create database ${templateName}`);
    const templateUrl = new URL(serverUrl);
    templateUrl.pathname = `/${templateName}`;
    await migrate(templateUrl.href);
    // Nobody may connect, not even autovacuum: a template in use cannot be cloned.
    await admin.query(`alter database ${templateName} allow_connections false`);
  } finally {
    await admin.end();
  }
}

/**
 * A process that reads its standard input and so learns when this test run is gone, even killed with -9. It then ends
 * the servers whose pid files lie in the folder (or in the place that a record there names), and removes the folder.
 */
function spawnCleaner(folder: string) {
  const script = `
    cat > /dev/null
    records=$(find "$1" -name postgres.json -exec sed -n 's/^ *"place": "\\(.*\\)",*$/\\1/p' {} + 2> /dev/null)
    for at in $(find "$1" $records -name postmaster.pid 2> /dev/null); do
      pid=$(head -n 1 "$at")
      case "$(ps -o comm= -p "$pid" 2> /dev/null)" in
        *postgres*) kill -QUIT "$pid"; sleep 0.5 ;;
      esac
    done
    rm -rf "$1" $records`;
  const cleaner = spawn('sh', ['-c', script, 'cleaner', folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  cleaner.unref();
  (cleaner.stdin as Socket).unref();
  return cleaner;
}
