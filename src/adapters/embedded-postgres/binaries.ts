import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError, reasonOf } from './embedded-postgres-error.ts';
import { canEnter, giveTo, type ServerUser } from './server-user.ts';

export type BinariesFrom = 'machine' | 'package';

export interface PostgresBinaries {
  /** The folder that holds `postgres` and `initdb`. */
  readonly folder: string;
  readonly major: number;
  readonly from: BinariesFrom;
}

/** The same SQL runs on these; the newest is preferred. */
export const supportedMajors: readonly number[] = [18, 17, 16, 15];

/**
 * Binaries for a new data folder (`major` undefined: the newest of the machine's own, then the package's) or for
 * an existing one (its major). The package's are made usable for `user` first, where necessary as a copy under
 * `home`.
 *
 * Throws `EmbeddedPostgresError` that names the version and how to get it.
 */
export function chooseBinaries(request: {
  readonly allowed: 'auto' | BinariesFrom;
  readonly major: number | undefined;
  readonly user: ServerUser | undefined;
  readonly home: string;
}): PostgresBinaries {
  const { allowed, major, user, home } = request;
  if (allowed !== 'package') {
    const found = machineBinaries().find(
      (binaries) => (major === undefined || binaries.major === major) && canEnter(binaries.folder, user),
    );
    if (found !== undefined) return found;
  }
  if (allowed !== 'machine') {
    const shipped = shippedPackage();
    if (shipped !== undefined && (major === undefined || shipped.major === major)) {
      return { folder: usablePackage(shipped, user, home), major: shipped.major, from: 'package' };
    }
  }
  throw new EmbeddedPostgresError(missing(allowed, major, home));
}

function missing(allowed: 'auto' | BinariesFrom, major: number | undefined, home: string): string {
  const where = allowed === 'package' ? 'in the installed packages' : 'on this machine';
  if (major === undefined) {
    return `no PostgreSQL ${supportedMajors.at(-1)} to ${supportedMajors[0]} was found ${where}: install one (apt-get install postgresql, brew install postgresql@18), or set DATABASE_URL`;
  }
  if (!supportedMajors.includes(major)) {
    return `the database in ${home} was made by PostgreSQL ${major}, but only ${supportedMajors.at(-1)} to ${supportedMajors[0]} are supported: choose another folder with SHOUDAN_DATA_DIR, or set DATABASE_URL`;
  }
  return `the database in ${home} was made by PostgreSQL ${major}, which was not found ${where}: install it (apt-get install postgresql-${major}, brew install postgresql@${major}), or choose another folder with SHOUDAN_DATA_DIR`;
}

/** The machine's own installations of a supported major, newest first. */
function machineBinaries(): PostgresBinaries[] {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  const usual = supportedMajors.flatMap((major) => [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/usr/lib/postgresql${major}/bin`,
    `/usr/libexec/postgresql${major}`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    `/Library/PostgreSQL/${major}/bin`,
    `/Applications/Postgres.app/Contents/Versions/${major}/bin`,
  ]);
  const folders = new Set<string>();
  for (const folder of [...onPath, ...usual]) {
    if (!existsSync(join(folder, 'initdb')) || !existsSync(join(folder, 'postgres'))) continue;
    // The PATH usually holds links; PostgreSQL finds its own files from the real place.
    const real = dirname(realpathSync(join(folder, 'postgres')));
    if (existsSync(join(real, 'initdb'))) folders.add(real);
  }
  return [...folders]
    .map((folder) => ({ folder, major: majorOf(folder), from: 'machine' as const }))
    .filter((binaries) => supportedMajors.includes(binaries.major))
    .sort((a, b) => b.major - a.major);
}

function majorOf(folder: string): number {
  const named = /\/(?:postgresql|pgsql|Versions|PostgreSQL)[/@-]?(\d+)(?:[./]|$)/.exec(folder)?.[1];
  if (named !== undefined) return Number(named);
  const run = spawnSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8', cwd: '/' });
  return Number(/\(PostgreSQL\) (\d+)/.exec(run.stdout ?? '')?.[1] ?? 0);
}

interface ShippedPackage {
  /** The package's `native` folder: bin, lib, share. */
  readonly native: string;
  readonly version: string;
  readonly major: number;
}

function shippedPackage(): ShippedPackage | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(
      `@embedded-postgres/${process.platform}-${process.arch}`,
    );
    const root = dirname(dirname(realpathSync(entry)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version, major: Number.parseInt(version, 10) };
  } catch {
    return undefined;
  }
}

/**
 * The package's `bin` folder, ready for `user`. The registry cannot carry symbolic links, so the package lists the
 * links between its libraries in a file; they are made in place where the package is ours to write. Where it is not,
 * or where `user` cannot enter it, a copy (of hard links, when the file system is the same) is made under `home`.
 */
function usablePackage(shipped: ShippedPackage, user: ServerUser | undefined, home: string): string {
  if (canEnter(join(shipped.native, 'bin'), user) && linkLibraries(shipped.native, shipped.native)) {
    return join(shipped.native, 'bin');
  }
  const copy = join(home, 'postgres-binaries', shipped.version);
  if (!existsSync(copy)) {
    const draft = `${copy}.draft-${process.pid}`;
    try {
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      chmodSync(dirname(copy), 0o755);
      // Hard links share their owner with the package, so a copy that is to belong to somebody else is a real one.
      const ownersFolder = user !== undefined && statSync(home).uid === user.uid;
      copyTree(shipped.native, draft, !ownersFolder);
      linkLibraries(shipped.native, draft);
      renameSync(draft, copy);
      if (ownersFolder) giveTo(user, dirname(copy));
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      throw new EmbeddedPostgresError(
        `PostgreSQL's binaries could not be copied to ${copy} (${reasonOf(error)})`,
        { cause: error },
      );
    }
  }
  return join(copy, 'bin');
}

/** Makes the library links listed by the package in `target`; false where that folder cannot be written. */
function linkLibraries(native: string, target: string): boolean {
  let listed: readonly { readonly source: string; readonly target: string }[];
  try {
    listed = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  } catch {
    return true;
  }
  for (const link of listed) {
    const at = join(target, relative('native', link.target));
    const to = relative(dirname(link.target), link.source);
    try {
      symlinkSync(to, at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      // A folder that refuses the link may still have it already.
      if (code !== 'EEXIST' && !existsSync(at)) return false;
    }
  }
  return true;
}

/** What a server needs of the package: everything but what programs are compiled and linked with. */
function copyTree(from: string, to: string, byHardLink: boolean): void {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      if (basename(source) !== 'pkgconfig') copyTree(source, target, byHardLink);
    } else if (entry.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), target);
    } else if (!entry.name.endsWith('.a')) {
      if (!byHardLink || !linked(source, target)) copyFileSync(source, target);
    }
  }
}

function linked(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch {
    return false;
  }
}
