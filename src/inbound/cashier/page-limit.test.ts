import { expect, test } from 'vitest';
import { createPageLimit } from './page-limit.ts';

test('an address may open many pages of a code in a minute, then waits for the next one', () => {
  let now = 0;
  const limit = createPageLimit(() => now);
  for (let page = 0; page < 120; page += 1) expect(limit('A', '192.0.2.1')).toBeNull();
  now = 20_000;
  expect(limit('A', '192.0.2.1')).toBe(40);
  expect(limit('A', '192.0.2.2')).toBeNull();
  expect(limit('B', '192.0.2.1')).toBeNull();
  now = 60_000;
  expect(limit('A', '192.0.2.1')).toBeNull();
});
