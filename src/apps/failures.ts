import { CommandFailure, type ExitCode, exitCodes } from '../inbound/cli/exit-codes.ts';
import { SettingsError, UnreachableError } from './settings.ts';

/** What people are told of a command that failed. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly line: string;
  /** What to report, for a mistake of this program's own; `null` for everything else. */
  readonly report: string | null;
  /** What `--json` prints of it. */
  readonly document: object | null;
}

/**
 * Errors that stand for something outside of this program and say in one line what. By name, since a command that
 * never came near a database shall not load its driver in order to fail.
 */
const operational: ReadonlySet<string> = new Set([
  'ChildStartError',
  'DataFolderLockError',
  'EmbeddedPostgresError',
  'MigrationError',
  'SealingError',
]);

/** The driver's own words when a connection is lost or cannot be had; it has no class or code for them. */
const connectionWords = /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/;

/** System errors on a connection that was there. */
const lostCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'ETIMEDOUT', 'ENETDOWN', 'ENETUNREACH']);

/** SQLSTATEs of a server that cannot serve now: no connection, no room, shutting down, starting, unknown to it. */
const unavailableStates = /^(08|57P0|53300|28|3D000)/;

/** SQLSTATEs that have their reason in the server's set-up: no right, no disk, read-only. */
const setUpStates = /^(42501|53|58|25006)/;

export function failureOf(error: unknown): Failure {
  const root = rootOf(error);
  if (!(root instanceof Error)) return mistake(new Error(String(root)));
  if (root instanceof CommandFailure) {
    return { exitCode: root.exitCode, line: oneLine(root.message), report: null, document: root.document };
  }
  if (root instanceof UnreachableError) return told(exitCodes.unreachable, root);
  if (root instanceof SettingsError || operational.has(root.constructor.name)) {
    return told(exitCodes.failed, root);
  }
  if (connectionWords.test(root.message)) return database(root);
  const code = 'code' in root && typeof root.code === 'string' ? root.code : '';
  if ('severity' in root) {
    if (unavailableStates.test(code)) return database(root);
    return setUpStates.test(code) ? told(exitCodes.failed, root) : mistake(root);
  }
  if ('syscall' in root) {
    const network = root.syscall === 'connect' || root.syscall === 'getaddrinfo' || lostCodes.has(code);
    return told(network ? exitCodes.unreachable : exitCodes.failed, root);
  }
  if (code === 'ERR_MODULE_NOT_FOUND') return told(exitCodes.failed, root);
  return mistake(root);
}

/** What lies beneath the wrappers that say nothing: several addresses tried in vain, a fetch that failed. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  if (error instanceof TypeError && error.message === 'fetch failed') return rootOf(error.cause ?? error);
  return error;
}

function told(exitCode: ExitCode, error: Error): Failure {
  return { exitCode, line: oneLine(error.message), report: null, document: null };
}

function database(error: Error): Failure {
  const line = `the database cannot be reached: ${oneLine(error.message)}`;
  return { exitCode: exitCodes.unreachable, line, report: null, document: null };
}

function mistake(error: Error): Failure {
  return {
    exitCode: exitCodes.failed,
    line: oneLine(error.message),
    report: `This is a mistake in Shoudan. Please report it together with these lines:\n${stackOf(error)}\n`,
    document: null,
  };
}

function stackOf(error: Error): string {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}

function oneLine(text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ').trim();
  return line === '' ? 'no reason was given' : line;
}
