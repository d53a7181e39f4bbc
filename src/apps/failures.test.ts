import { AssertionError } from 'node:assert';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { expect, it } from 'vitest';
import { EmbeddedPostgresError } from '../adapters/embedded-postgres/embedded-postgres-error.ts';
import { MigrationError } from '../adapters/postgres/migrations.ts';
import { ChildStartError } from '../adapters/processes/child-processes.ts';
import { DataFolderLockError } from '../adapters/processes/data-folder-lock.ts';
import { SealingError } from '../adapters/sealing.ts';
import { CommandFailure, usageError } from '../inbound/cli/exit-codes.ts';
import { failureOf } from './failures.ts';
import { SettingsError, UnreachableError } from './settings.ts';

/** What the system says when a file cannot be read, a connection cannot be made, …. */
function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: no, ${syscall} '/x'`), { code, syscall, errno: -1 });
}

function databaseError(code: string): Error {
  const error = new pg.DatabaseError('the server says no', 1, 'error');
  return Object.assign(error, { code, severity: 'ERROR' });
}

it.each<[string, unknown, number]>([
  ['a wrong command line', usageError('no', null), 2],
  ['a refusal', new CommandFailure(3, 'no'), 3],
  ['a wrong setting', new SettingsError('no'), 1],
  ['a database that cannot be reached', new UnreachableError('no'), 4],
  ['a data folder in use', new DataFolderLockError('no'), 1],
  ['an embedded PostgreSQL that does not start', new EmbeddedPostgresError('no'), 1],
  ['a child that does not start', new ChildStartError('no'), 1],
  ['a schema that is not this one', new MigrationError('no'), 1],
  ['another master key', new SealingError('no'), 1],
  ['a file without permission', systemError('EACCES', 'open'), 1],
  ['an operation that is not permitted', systemError('EPERM', 'chown'), 1],
  ['a folder that cannot be written', systemError('EROFS', 'mkdir'), 1],
  ['a full disk', systemError('ENOSPC', 'write'), 1],
  ['a refused connection', systemError('ECONNREFUSED', 'connect'), 4],
  ['a host that nobody knows', systemError('ENOTFOUND', 'getaddrinfo'), 4],
  ['a connection that is reset', systemError('ECONNRESET', 'read'), 4],
  ['a folder where a file should be', systemError('EISDIR', 'read'), 1],
  ['every address refused', new AggregateError([systemError('ECONNREFUSED', 'connect')]), 4],
  [
    'a fetch that failed',
    new TypeError('fetch failed', { cause: systemError('ECONNREFUSED', 'connect') }),
    4,
  ],
  ['a database connection that broke', new Error('Connection terminated unexpectedly'), 4],
  ['a pool without a free connection', new Error('timeout exceeded when trying to connect'), 4],
  ['a database that shuts down', databaseError('57P01'), 4],
  ['a database without room for connections', databaseError('53300'), 4],
  ['a wrong database password', databaseError('28P01'), 4],
  ['a database that does not exist', databaseError('3D000'), 4],
  ['a missing right in the database', databaseError('42501'), 1],
  ['a full disk of the database', databaseError('53100'), 1],
])('%s is told in one line', (_, error, exitCode) => {
  const failure = failureOf(error);
  expect(failure).toMatchObject({ exitCode, report: null });
  expect(failure.line).not.toMatch(/\n|^$/);
});

it.each<[string, unknown]>([
  ['a TypeError', new TypeError('x is not a function')],
  ['a RangeError', new RangeError('no')],
  ['an assertion', new AssertionError({ message: 'no' })],
  ['an impossible case', new Error('no move from failed to succeeded')],
  ['SQL that is wrong', databaseError('42601')],
  ['a violated constraint', databaseError('23503')],
  ['something thrown that is no error', 'no'],
])('%s is a mistake of our own and comes with its stack', (_, error) => {
  const failure = failureOf(error);
  expect(failure.exitCode).toBe(1);
  expect(failure.report).toContain('Please report it');
  expect(failure.report).toMatch(/\n {4}at /);
});

it('a report holds what lies beneath', () => {
  const error = new Error('outer', { cause: new TypeError('inner') });
  expect(failureOf(error).report).toMatch(/Error: outer\n[\s\S]*caused by TypeError: inner\n/);
});

it('a reason of several lines becomes one', () => {
  expect(failureOf(new SettingsError('first\n  second\n')).line).toBe('first second');
  expect(failureOf(new SettingsError('')).line).toBe('no reason was given');
});

it('a file that is not there is told as the system tells it', () => {
  try {
    readFileSync('/absent/file');
  } catch (error) {
    expect(failureOf(error)).toMatchObject({
      exitCode: 1,
      line: "ENOENT: no such file or directory, open '/absent/file'",
      report: null,
    });
  }
  expect.assertions(1);
});
