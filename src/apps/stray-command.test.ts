import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createStrayNotifications } from '../adapters/postgres/notifications.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { createSealing } from '../adapters/sealing.ts';
import type { StrayNotification } from '../ports/stray-notifications.ts';
import { gatewayMetrics } from './metrics.ts';
import { createProcessSignals } from './process-signals.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';

const { url, database } = await openedTestDatabase();
const strays = createStrayNotifications(database, createSealing(Buffer.alloc(32, 7)));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-strays-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => database.query('truncate stray_notifications'));

function shoudan(words: string | readonly string[]): Promise<Ended> {
  return run(words, { DATABASE_URL: url, SHOUDAN_DATA_DIR: folder });
}

const told: StrayNotification = {
  wallet: 'alipay_plus',
  account: 'main',
  requestId: 'P9',
  says: 'paid 350 USD as 2026',
  raw: Buffer.from('{}'),
};
const clear = (...more: readonly string[]) =>
  shoudan(['stray', 'clear', 'P9', '--note', 'refunded at the wallet', ...more]);

// money case 10
it('what somebody has looked into is cleared with a note, and in nobody’s way from then on', async () => {
  await strays.keep(told);
  await strays.keep({ ...told, requestId: 'P8' });
  expect((await shoudan('stray list')).out).toMatch(/\nalipay_plus {2}main {5}P9 .* paid 350 USD as 2026 /);
  const ended = await clear();
  expect(ended).toEqual({ exitCode: 0, err: '', out: 'cleared P9: paid 350 USD as 2026\n' });

  expect((await shoudan('stray list')).out).not.toContain('P9');
  const attention = JSON.parse((await shoudan('inspect attention --json')).out);
  expect(attention.stray_notifications_total).toBe(1);
  const { body } = await gatewayMetrics({ database, signals: createProcessSignals() })();
  expect(body).toContain('shoudan_needs_attention{reason="stray_notification"} 1');
  const { data, total } = JSON.parse((await shoudan('stray list --all --json')).out);
  expect(total).toBe(2);
  expect(data[0]).toEqual({
    wallet: 'alipay_plus',
    account: 'main',
    payment_request_id: 'P9',
    says: 'paid 350 USD as 2026',
    times: 1,
    since: expect.any(String),
    last_at: expect.any(String),
    cleared_at: expect.any(String),
    note: 'refunded at the wallet',
  });
  expect(data[1]).toMatchObject({ payment_request_id: 'P8', cleared_at: null, note: null });
  expect((await shoudan('stray list --all')).out).toMatch(/Z {2}refunded at the wallet\n/);
});

it('a cleared one that is repeated stays cleared, and one that says otherwise is in sight again', async () => {
  await strays.keep(told);
  await clear();
  await strays.keep(told);
  expect((await shoudan('stray list')).out).toBe('no stray notification that is not cleared\n');
  await strays.keep({ ...told, says: 'not paid: ORDER_IS_CLOSED' });
  const { data } = JSON.parse((await shoudan('stray list --json')).out);
  expect(data).toMatchObject([{ says: 'not paid: ORDER_IS_CLOSED' }]);
  expect(JSON.parse((await shoudan('stray list --all --json')).out).data).toMatchObject([
    { times: 2, note: 'refunded at the wallet' },
    { note: null },
  ]);
});

it('all that an account’s wallet has told of a payment is cleared, and nothing of another account', async () => {
  await strays.keep(told);
  await strays.keep({ ...told, says: 'waiting for its payer' });
  await strays.keep({ ...told, account: 'other' });
  const unclear = await clear();
  expect(unclear).toMatchObject({ exitCode: 1, out: '' });
  expect(unclear.err).toContain('P9 was told of by alipay_plus/main and alipay_plus/other: choose one');
  const ended = await clear('--account', 'main', '--wallet', 'alipay_plus', '--json');
  expect(JSON.parse(ended.out).data).toHaveLength(2);
  expect(JSON.parse((await shoudan('stray list --json')).out).data).toMatchObject([{ account: 'other' }]);
});

it('what is cleared already keeps its note, and what nobody told of is not cleared', async () => {
  await strays.keep(told);
  await clear();
  const again = await shoudan(['stray', 'clear', 'P9', '--note', 'something else']);
  expect(again).toMatchObject({ exitCode: 1, out: '' });
  expect(again.err).toMatch(/P9 is cleared since \S+Z: refunded at the wallet/);
  const unknown = await shoudan(['stray', 'clear', 'P7', '--note', 'x']);
  expect(unknown).toMatchObject({ exitCode: 1, out: '' });
  expect(unknown.err).toContain('no stray notification names P7');
});

it('what is cleared later gets a note of its own, and the earlier one stays', async () => {
  await strays.keep(told);
  await clear();
  await strays.keep({ ...told, says: 'not paid: ORDER_IS_CLOSED' });
  const ended = await shoudan(['stray', 'clear', 'P9', '--note', 'closed since']);
  expect(ended).toEqual({ exitCode: 0, err: '', out: 'cleared P9: not paid: ORDER_IS_CLOSED\n' });
  expect(JSON.parse((await shoudan('stray list --all --json')).out).data).toMatchObject([
    { note: 'refunded at the wallet' },
    { note: 'closed since' },
  ]);
});

it.each([
  ['no note', ['stray', 'clear', 'P9']],
  ['an empty note', ['stray', 'clear', 'P9', '--note', '  ']],
  ['a note of two lines', ['stray', 'clear', 'P9', '--note', 'a\nb']],
  ['a note without end', ['stray', 'clear', 'P9', '--note', 'x'.repeat(501)]],
])('%s is a wrong command line', async (_what, words) => {
  await strays.keep(told);
  expect(await shoudan(words)).toMatchObject({ exitCode: 2, out: '' });
  expect(JSON.parse((await shoudan('stray list --json')).out).total).toBe(1);
});
