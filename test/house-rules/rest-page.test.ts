import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { problemStatuses } from '../../src/inbound/rest/problems.ts';

it('docs/rest.md lists every problem code under its status, and no other', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/rest.md', import.meta.url)), 'utf8');
  const listed = page
    .split('\n')
    .map((line) => /^\| (\d{3}(?:, \d{3})*) \| (.*) \|$/.exec(line))
    .filter((match) => match !== null)
    .flatMap(([, statuses = '', codes = '']) =>
      [...codes.matchAll(/`([a-z_]+)`/g)].map(([, code = '']) => ({
        code,
        statuses: statuses.split(', ').map(Number),
      })),
    );
  expect(listed.map(({ code }) => code).toSorted()).toEqual(Object.keys(problemStatuses).toSorted());
  for (const { code, statuses } of listed) {
    expect(statuses).toContain(problemStatuses[code as keyof typeof problemStatuses]);
  }
});
