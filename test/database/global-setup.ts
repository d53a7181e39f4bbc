import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/embedded-postgres.ts';
import { templateName } from './test-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The test run's own server, as a role that may make databases. */
    readonly testServerUrl: string;
  }
}

/**
 * One PostgreSQL for the whole test run, in a temporary folder, with a migrated template that each test clones. It is
 * the only place where durability is relaxed: what it holds is thrown away.
 */
export default async function setUpTestDatabase(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'shoudan-test-'));
  chmodSync(dataDir, 0o755);
  const cleaner = spawnCleaner(dataDir);
  const server = await startEmbeddedPostgres({
    dataDir,
    extraSettings: {
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'off',
      max_connections: '200',
    },
  });
  await makeTemplate(server.databaseUrl);
  project.provide('testServerUrl', server.databaseUrl);

  return async () => {
    await server.stop();
    const cleaned = new Promise((resolve) => cleaner.once('exit', resolve));
    cleaner.ref();
    cleaner.stdin?.end();
    await cleaned;
    rmSync(dataDir, { recursive: true, force: true });
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

async function migrate(databaseUrl: string): Promise<void> {
  const folder = fileURLToPath(new URL('../../migrations/', import.meta.url));
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const file of readdirSync(folder)
      .filter((name) => /^\d+_.*\.sql$/.test(name))
      .sort()) {
      await client.query(readFileSync(join(folder, file), 'utf8'));
    }
  } finally {
    await client.end();
  }
}

/**
 * A process that reads its standard input and so learns when this test run is gone, even killed with -9; it then ends
 * the server and removes the folder.
 */
function spawnCleaner(dataDir: string) {
  const script = `
    cat > /dev/null
    home=$(sed -n 's/^ *"place": "\\(.*\\)",*$/\\1/p' "$1/postgres.json" 2> /dev/null)
    home=\${home:-$1}
    pid=$(head -n 1 "$home/postgres/postmaster.pid" 2> /dev/null)
    case "$(ps -o comm= -p "\${pid:-0}" 2> /dev/null)" in
      *postgres*) kill -QUIT "$pid"; sleep 1 ;;
    esac
    rm -rf "$1" "$home"`;
  const cleaner = spawn('sh', ['-c', script, 'cleaner', dataDir], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  cleaner.unref();
  (cleaner.stdin as Socket).unref();
  return cleaner;
}
