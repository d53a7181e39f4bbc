import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/*
 * `from` names the commit whose databases every later version must take over: its schema, and payments, refunds, cancels and
 * deliveries that were open when it stopped.
 */

const from = readFileSync(new URL('from', import.meta.url), 'utf8').trim();
const root = new URL('../..', import.meta.url);

function git(...words: readonly string[]): string {
  return execFileSync('git', words, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

/** A source archive has no history, and a shallow clone has not all of it. */
function hasHistory(): boolean {
  try {
    return git('rev-parse', '--is-shallow-repository') === 'false';
  } catch {
    return false;
  }
}

test('the version that upgrades begin at is named by its whole commit id', () => {
  expect(from).toMatch(/^[0-9a-f]{40}$/);
});

test.runIf(hasHistory())(
  'the version that upgrades begin at lies behind this one, and none of its migrations has changed since',
  () => {
    expect(git('merge-base', from, 'HEAD')).toBe(from);
    const changed = git('diff', '--name-only', '--diff-filter=a', from, 'HEAD', '--', 'migrations/0*.sql');
    expect(changed).toBe('');
  },
);
