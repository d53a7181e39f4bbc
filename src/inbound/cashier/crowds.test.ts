import { afterEach, beforeEach, expect, test } from 'vitest';
import { entryCodeText } from '../../domain/ids.ts';
import { createHandClock, type HandClock } from '../rest/gateway.fixture.ts';
import { codes, createTestCashier, type TestCashier, teaHouse } from './cashier.fixture.ts';
import { createPageLimit } from './page-limit.ts';

let clock: HandClock;
let cashier: TestCashier;
let lookUps: number;
beforeEach(async () => {
  clock = createHandClock();
  lookUps = 0;
  cashier = await createTestCashier({
    clock,
    retryAfterS: createPageLimit(clock.monotonicMs),
    withEngine: (engine) => ({
      ...engine,
      merchants: {
        ...engine.merchants,
        findEntryCode(merchantId, code) {
          lookUps += 1;
          return engine.merchants.findEntryCode(merchantId, code);
        },
      },
    }),
  });
});
afterEach(() => cashier.app.close());

const path = `/c/${codes.dollars}`;
async function statusesOf(asks: number, ask: (turn: number) => Promise<{ readonly statusCode: number }>) {
  const statuses: Record<number, number> = {};
  for (let turn = 0; turn < asks; turn += 1) {
    const { statusCode } = await ask(turn);
    statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
  }
  return statuses;
}

test('whoever makes up codes has the database asked so often and no more', async () => {
  const madeUp = (turn: number): string =>
    entryCodeText(
      teaHouse.shortNo,
      new Uint8Array(16)
        .fill(100)
        .with(0, turn >> 8)
        .with(1, turn & 255),
    );
  expect(await statusesOf(1_000, (turn) => cashier.get(`/c/${madeUp(turn)}`))).toEqual({
    404: 600,
    429: 400,
  });
  expect(lookUps).toBe(600);
});

test('whoever holds a page pays, however many others come from the same address', async () => {
  const token = await cashier.token();
  expect(await statusesOf(200, () => cashier.get(path))).toEqual({ 200: 119, 429: 81 });
  const paid = await cashier.post(`${path}/pay`, { token, amount: '5' });
  expect(paid.statusCode).toBe(303);
  expect(cashier.payments()).toHaveLength(1);
});

test('a form whose token was made by nobody here is counted like a page', async () => {
  const token = await cashier.token();
  const forged = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
  expect(await statusesOf(121, () => cashier.post(`${path}/pay`, { token: forged, amount: '5' }))).toEqual({
    403: 119,
    429: 2,
  });
  const other = await cashier.post(`/c/${codes.yen}/pay`, { token, amount: '5' });
  expect(other.statusCode).toBe(403);
});
