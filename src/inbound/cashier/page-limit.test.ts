import { beforeEach, describe, expect, test } from 'vitest';
import { createPageLimit } from './page-limit.ts';

let now: number;
let limit: (code: string, address: string) => number | null;
beforeEach(() => {
  now = 0;
  limit = createPageLimit(() => now);
});

/** How many of these pages are let through. */
function opened(
  pages: number,
  codeOf: (page: number) => string,
  addressOf: (page: number) => string,
): number {
  return Array.from({ length: pages }, (_, page) => limit(codeOf(page), addressOf(page))).filter(
    (waitS) => waitS === null,
  ).length;
}

test('an address may open many pages of a code in a minute, then waits for the next one', () => {
  expect(
    opened(
      120,
      () => 'A',
      () => '192.0.2.1',
    ),
  ).toBe(120);
  now = 20_000;
  expect(limit('A', '192.0.2.1')).toBe(40);
  expect(limit('A', '192.0.2.2')).toBeNull();
  expect(limit('B', '192.0.2.1')).toBeNull();
  now = 60_000;
  expect(limit('A', '192.0.2.1')).toBeNull();
});

test('an address that makes up codes is bounded all the same', () => {
  const made = opened(
    3_000,
    (page) => `CODE${page}`,
    () => '192.0.2.1',
  );
  expect(made).toBe(600);
  expect(limit('A', '192.0.2.1')).toBe(60);
  expect(limit('A', '192.0.2.2')).toBeNull();
});

test('an address that was refused forgets nobody: the rest are counted as before', () => {
  opened(
    120,
    () => 'A',
    () => '192.0.2.2',
  );
  opened(
    100_000,
    (page) => `CODE${page}`,
    () => '192.0.2.1',
  );
  expect(limit('A', '192.0.2.2')).toBe(60);
});

test('among very many addresses the longest silent is forgotten, and not one that keeps coming', () => {
  const shop = () => limit('A', '192.0.2.2');
  const silent = () => limit('A', '192.0.2.3');
  for (let page = 0; page < 120; page += 1) expect([shop(), silent()]).toEqual([null, null]);
  expect(silent()).toBe(60);
  for (let others = 0; others < 4; others += 1) {
    opened(
      20_000,
      (page) => `CODE${page}`,
      (page) => `10.${others}.${page >> 8}.${page & 255}`,
    );
    expect(shop()).toBe(60);
  }
  expect(silent()).toBeNull();
});

describe('who counts as one', () => {
  test.each([
    ['the addresses that one host may have', (page: number) => `2001:db8:0:1::${page.toString(16)}`, 600],
    ['the same, written out', (page: number) => `2001:0DB8:0000:1:0:0:${page.toString(16)}:1`, 600],
    [
      'an IPv4 address, whichever way it is written',
      (page: number) => ['::ffff:192.0.2.1', '192.0.2.1'][page % 2] ?? '',
      600,
    ],
    ['whatever a proxy says that is no address', (page: number) => `unknown-${page}`, 600],
    [
      'neighbouring networks, which are others',
      (page: number) => `2001:db8:0:${page.toString(16)}::1`,
      1_000,
    ],
    ['neighbouring addresses, which are others', (page: number) => `10.1.${page >> 8}.${page & 255}`, 1_000],
  ] as const)('%s', (_who, addressOf, through) => {
    expect(opened(1_000, (page) => `CODE${page}`, addressOf)).toBe(through);
  });
});
