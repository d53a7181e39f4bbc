import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startTimeOf } from '../processes/process-liveness.mjs';
import type { PostgresBinaries } from './binaries.ts';
import { type DataFolder, recordOf, sameFile } from './data-folder.ts';
import { EmbeddedPostgresError, reasonOf } from './embedded-postgres-error.ts';
import { databaseName, prepareLog, serverEnvironment, wordsOfFailure } from './initdb.ts';
import { type Postmaster, postmasterAlive } from './postmaster.ts';

/** A server that answers, with our password, from our cluster. */
export interface AnsweringServer {
  readonly postmaster: Postmaster;
  readonly port: number;
  readonly version: string;
  /** Undefined for one that another process started. */
  readonly child: ChildProcess | undefined;
}

/** Recovery after a crash replays what was written since the last checkpoint; it is waited for this long. */
const recoveryLimitMs = 600_000;
/** A server that is only starting, recovering or shutting down says so; one that says nothing is stuck. */
const silenceLimitMs = 15_000;

/**
 * The settings of every embedded server, as command line arguments, which rule over the cluster's own files. Small
 * memory for small machines; durability is spelled out so that nothing in those files can relax it.
 */
export function settingsWith(extra: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '128MB',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    log_destination: 'stderr',
    logging_collector: 'off',
    log_checkpoints: 'off',
    jit: 'off',
    ...extra,
  };
}

export function databaseUrlOf(password: string, port: number, database = databaseName): string {
  return `postgres://${databaseName}:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * Starts the server and waits until it answers. It leads a process group of its own, so that a Ctrl-C in the
 * terminal does not reach it, and writes its log to a file, so that it survives the end of this process.
 *
 * `port` is a wish when `fixedPort` is false, a condition when it is true. Throws `EmbeddedPostgresError`.
 */
export async function startServer(
  folder: DataFolder,
  binaries: PostgresBinaries,
  request: {
    readonly settings: Readonly<Record<string, string>>;
    readonly port: number | undefined;
    readonly fixedPort: boolean;
  },
): Promise<AnsweringServer> {
  let port =
    request.port !== undefined && (request.fixedPort || (await isFree(request.port)))
      ? request.port
      : undefined;
  const retryUntilMs = performance.now() + 10_000;
  for (;;) {
    port ??= await freePort();
    const attempt = await tryServer(folder, binaries, request.settings, port);
    if ('server' in attempt) return attempt.server;
    const portTaken = /could not bind|could not create any TCP\/IP sockets/.test(attempt.log);
    // The kernel may keep the memory of killed processes for a moment after they are gone.
    const memoryHeld = /shared memory block .* is still in use|lock file .* already exists/.test(attempt.log);
    if ((!portTaken && !memoryHeld) || performance.now() > retryUntilMs) {
      throw new EmbeddedPostgresError(
        `PostgreSQL in ${folder.home} did not start: ${wordsOfFailure(attempt.log) ?? attempt.ending} (log: ${folder.logFile})`,
      );
    }
    if (portTaken && !request.fixedPort) port = undefined;
    else await delay(100);
  }
}

async function tryServer(
  folder: DataFolder,
  binaries: PostgresBinaries,
  settings: Readonly<Record<string, string>>,
  port: number,
): Promise<{ server: AnsweringServer } | { log: string; ending: string }> {
  prepareLog(folder);
  const logStart = statSync(folder.logFile).size;
  const log = openSync(folder.logFile, 'a');
  let child: ChildProcess;
  try {
    child = spawn(
      join(binaries.folder, 'postgres'),
      [
        '-D',
        folder.cluster,
        ...Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
          '-c',
          `${name}=${value}`,
        ]),
      ],
      {
        cwd: '/',
        env: serverEnvironment,
        detached: true,
        stdio: ['ignore', log, log],
        ...(folder.user ?? {}),
      },
    );
  } finally {
    closeSync(log);
  }
  let ending: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ending = `${child.spawnfile} could not be started (${reasonOf(error)})`;
      resolve();
    });
    child.once('exit', (exitCode, signal) => {
      ending = `it ended with ${signal ?? exitCode}`;
      resolve();
    });
  });
  child.unref();

  const { pid } = child;
  if (pid !== undefined) {
    const postmaster = { pid, startTime: startTimeOf(pid), port };
    const answer = await whenAnswering(folder, port, () => ending === undefined, ended);
    if (answer.kind === 'ours') return { server: { postmaster, port, version: answer.version, child } };
    if (answer.kind !== 'ended') {
      child.kill('SIGKILL');
      await ended;
      ending =
        answer.kind === 'refused'
          ? `it does not accept the password in ${folder.dataDir}`
          : 'it runs, but it does not answer';
      return { log: '', ending };
    }
  }
  await ended;
  return { log: readFileSync(folder.logFile).subarray(logStart).toString('utf8'), ending: ending ?? '' };
}

/**
 * Looks whether a server that is already running can be used: it must answer with our password from our cluster.
 * One that is shutting down, or is not ours, is not.
 */
export async function answeringServer(
  folder: DataFolder,
  postmaster: Postmaster,
): Promise<AnsweringServer | undefined> {
  const { port } = postmaster;
  if (port === undefined) return undefined;
  const answer = await whenAnswering(folder, port, () => postmasterAlive(postmaster), undefined);
  return answer.kind === 'ours' ? { postmaster, port, version: answer.version, child: undefined } : undefined;
}

type Answer =
  | { readonly kind: 'ours'; readonly version: string }
  | { readonly kind: 'ended' | 'silent' | 'refused' };

/** Asks until the server answers as ours, its process has ended, it stays silent, or it turns out not to be ours. */
async function whenAnswering(
  folder: DataFolder,
  port: number,
  lives: () => boolean,
  ended: Promise<void> | undefined,
): Promise<Answer> {
  const url = databaseUrlOf(recordOf(folder.dataDir).password, port);
  const recoveredByMs = performance.now() + recoveryLimitMs;
  let silentFromMs = performance.now();
  let refusals = 0;
  for (let pauseMs = 10; performance.now() < recoveredByMs; pauseMs = Math.min(pauseMs * 1.5, 200)) {
    if (!lives()) return { kind: 'ended' };
    const asked = await ask(url, folder);
    switch (asked.kind) {
      case 'ours':
        return asked;
      case 'refused':
        // On a server's first start the refusal may come from a stranger on the port: ours then ends at once.
        refusals += 1;
        if (ended === undefined || refusals > 12) return { kind: 'refused' };
        break;
      case 'not_yet':
        silentFromMs = performance.now();
        break;
      case 'nothing':
        if (performance.now() - silentFromMs > silenceLimitMs) return { kind: 'silent' };
        break;
      default:
        asked satisfies never;
    }
    await (ended === undefined ? delay(pauseMs) : Promise.race([delay(pauseMs), ended]));
  }
  return { kind: 'silent' };
}

type Asked =
  | { readonly kind: 'ours'; readonly version: string }
  | { readonly kind: 'refused' | 'not_yet' | 'nothing' };

async function ask(url: string, folder: DataFolder): Promise<Asked> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string; version: string }>(
      `select current_setting('data_directory') as folder, current_setting('server_version') as version`,
    );
    const row = rows[0];
    if (row === undefined || !sameFile(row.folder, folder.cluster)) return { kind: 'refused' };
    return { kind: 'ours', version: row.version.split(' ')[0] ?? row.version };
  } catch (error) {
    switch ((error as { code?: string }).code) {
      case '3D000': // A new cluster: a server, and no database of ours in it yet.
        return (await makeDatabase(url)) ? ask(url, folder) : { kind: 'not_yet' };
      case '57P03': // Starting, recovering or shutting down.
      case '53300': // Every connection is in use.
        return { kind: 'not_yet' };
      case undefined: // The connection's time ran out, or it was closed under us.
      case 'ECONNREFUSED':
      case 'ECONNRESET':
        return { kind: 'nothing' };
      default:
        return { kind: 'refused' };
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function makeDatabase(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url.replace(/[^/]*$/, 'postgres') });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`create database ${databaseName}`);
    return true;
  } catch (error) {
    // 42P04: somebody else has made it in the meantime.
    return (error as { code?: string }).code === '42P04';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * A free loopback port below the range that the system hands out by itself, so that no outgoing connection takes it
 * while the server restarts.
 */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
  throw new EmbeddedPostgresError('no free port between 20000 and 29999 was found on 127.0.0.1');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
