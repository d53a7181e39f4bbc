import { isAbsolute, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BinariesFrom, chooseBinaries } from './binaries.ts';
import { type DataFolder, openDataFolder, recordOf, writeRecord } from './data-folder.ts';
import { claimCluster, clusterMajor, initialiseCluster } from './initdb.ts';
import {
  postmasterAlive,
  removeStalePidFile,
  runningPostmaster,
  stopPostmaster,
  waitForOrphanedBackends,
} from './postmaster.ts';
import { type AnsweringServer, answeringServer, databaseUrlOf, settingsWith, startServer } from './server.ts';

export interface EmbeddedPostgresOptions {
  /** The data folder, made when there is none. The caller holds its lock. */
  readonly dataDir: string;
  /** Whose PostgreSQL: the machine's own or else the installed package's (`auto`), or only one of them. */
  readonly binaries?: 'auto' | BinariesFrom;
  /** One line at a time about what an operator would want to know. */
  readonly log?: (line: string) => void;
  /** The server had ended under us and answers again, at the same address. */
  readonly onRestart?: () => void;
  /** PostgreSQL settings over those of every embedded server. */
  readonly extraSettings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** Holds the password. The same until `stop`. */
  readonly databaseUrl: string;
  /** For example `15.18`. */
  readonly version: string;
  readonly binariesFrom: BinariesFrom;
  /** Whether a server that an earlier, killed run had left was taken over. */
  readonly adopted: boolean;
  /** Ends the server in an orderly way and waits for that. Safe to call again. */
  readonly stop: () => Promise<void>;
}

/**
 * A PostgreSQL of our own for trial and small use, kept running until `stop`: started on a free loopback port with a
 * generated password, started again (at the same address) when it ends under us. Full durability: what was committed
 * is there after any kill. Production sets DATABASE_URL and does not come here.
 *
 * This process may be killed at any instant: the server goes on, and the next call adopts it or replaces it.
 *
 * Throws `EmbeddedPostgresError`, whose message is one line that says what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = isAbsolute(options.dataDir) ? options.dataDir : resolve(options.dataDir);
  const log = options.log ?? (() => undefined);
  const folder = openDataFolder(dataDir);
  const settings = settingsWith(options.extraSettings ?? {});

  const first = await bringUp(folder, options.binaries ?? 'auto', settings, undefined);
  let server = first.server;
  const stopAsked = new AbortController();
  let watch: NodeJS.Timeout | undefined;
  let bringingBack: Promise<void> | undefined;

  const lost = () => {
    clearInterval(watch);
    if (stopAsked.signal.aborted || bringingBack !== undefined) return;
    log('the embedded PostgreSQL ended unexpectedly, starting it again');
    bringingBack = bringBack().finally(() => {
      bringingBack = undefined;
      if (!stopAsked.signal.aborted) keepWatch();
    });
  };
  const keepWatch = () => {
    const { child, postmaster } = server;
    if (child === undefined) {
      watch = setInterval(() => postmasterAlive(postmaster) || lost(), 500).unref();
    } else if (child.exitCode !== null || child.signalCode !== null) {
      lost();
    } else {
      child.once('exit', lost);
    }
  };
  // Clients hold the address, so it has to be the same port: one that was taken meanwhile is waited for.
  const bringBack = async () => {
    for (let pauseMs = 100; !stopAsked.signal.aborted; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      try {
        ({ server } = await bringUp(folder, options.binaries ?? 'auto', settings, server.port));
        if (!stopAsked.signal.aborted) options.onRestart?.();
        return;
      } catch (error) {
        log(error instanceof Error ? error.message : String(error));
        await delay(pauseMs, undefined, { signal: stopAsked.signal }).catch(() => undefined);
      }
    }
  };
  keepWatch();

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    stopAsked.abort();
    clearInterval(watch);
    await bringingBack;
    server.child?.off('exit', lost);
    await stopPostmaster(server.postmaster, folder);
  };
  return {
    databaseUrl: databaseUrlOf(recordOf(dataDir).password, server.port),
    version: server.version,
    binariesFrom: first.binariesFrom,
    adopted: server.child === undefined,
    stop: () => (stopped ??= stop()),
  };
}

/** From whatever an earlier run left to a server that answers. */
async function bringUp(
  folder: DataFolder,
  allowed: 'auto' | BinariesFrom,
  settings: Readonly<Record<string, string>>,
  fixedPort: number | undefined,
): Promise<{ server: AnsweringServer; binariesFrom: BinariesFrom }> {
  const { dataDir, home, user } = folder;
  const left = runningPostmaster(folder);
  if (left !== undefined) {
    const { settings: itsSettings, binariesFrom } = recordOf(dataDir);
    const asWanted =
      binariesFrom !== undefined &&
      (allowed === 'auto' || allowed === binariesFrom) &&
      sameSettings(itsSettings, settings) &&
      (fixedPort === undefined || fixedPort === left.port);
    const server = asWanted ? await answeringServer(folder, left) : undefined;
    if (server !== undefined && binariesFrom !== undefined) return { server, binariesFrom };
    await stopPostmaster(left, folder);
  }

  const major = clusterMajor(folder);
  const binaries = chooseBinaries({ allowed, major, user, home });
  if (major === undefined) {
    await initialiseCluster(folder, binaries, settings['fsync'] === 'off');
  } else {
    claimCluster(folder);
    await waitForOrphanedBackends(folder);
    removeStalePidFile(folder);
  }
  // Recorded first: a server whose starter is killed right after it was started can then be adopted.
  writeRecord(dataDir, { ...recordOf(dataDir), initialised: true, settings, binariesFrom: binaries.from });
  const server = await startServer(folder, binaries, {
    settings,
    port: fixedPort ?? recordOf(dataDir).port,
    fixedPort: fixedPort !== undefined,
  });
  if (recordOf(dataDir).port !== server.port)
    writeRecord(dataDir, { ...recordOf(dataDir), port: server.port });
  return { server, binariesFrom: binaries.from };
}

function sameSettings(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>>,
): boolean {
  const flat = (settings: Readonly<Record<string, string>>) =>
    JSON.stringify(Object.entries(settings).sort());
  return a !== undefined && flat(a) === flat(b);
}
