import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { beforeEach, expect, test, vi } from 'vitest';
import { openDatabase } from '../adapters/postgres/database.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { createSealing } from '../adapters/sealing.ts';
import { gatewayMetrics } from './metrics.ts';
import { createProcessSignals, type ProcessSignals } from './process-signals.ts';
import { countedStrays, createReport, createUntrustedNotifications } from './untrusted.ts';

const { database } = await openedTestDatabase();
const sealing = createSealing(randomBytes(32));

const hourMs = 3_600_000;
let nowMs: number;
let counts: ProcessSignals;
let lines: string[];
let untrusted: ReturnType<typeof createUntrustedNotifications>;
beforeEach(async () => {
  await database.query('truncate untrusted_notifications');
  nowMs = 0;
  counts = createProcessSignals();
  lines = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(`${chunk}`);
      done();
    },
  });
  untrusted = createUntrustedNotifications(database, sealing, pino(sink), counts, () => nowMs);
});

const forged = {
  wallet: 'alipay_plus',
  account: 'main',
  detail: 'its signature does not fit',
  raw: Buffer.from('{}'),
} as const;

async function kept(): Promise<number> {
  const { rows } = await database.query<{ readonly count: number }>(
    'select count(*)::int as count from untrusted_notifications',
  );
  return rows[0]?.count ?? 0;
}

// proves NOT-01
test('a flood of forged notifications is counted, and little of it kept', async () => {
  for (let minute = 0; minute < 60; minute += 1) {
    nowMs = minute * 60_000;
    for (let count = 0; count < 5; count += 1) await untrusted(forged);
  }
  expect(await kept()).toBe(60);
  await untrusted({ ...forged, account: 'other' });
  expect(await kept()).toBe(61);
  nowMs = hourMs;
  await untrusted(forged);
  expect(await kept()).toBe(62);
  const { body } = await gatewayMetrics({ database, signals: counts })();
  expect(body).toContain('shoudan_untrusted_notifications_total{wallet="alipay_plus",account="main"} 301');
  expect(body).toContain('shoudan_untrusted_notifications_total{wallet="alipay_plus",account="other"} 1');
  // The log neither grows with the flood nor says nothing of it.
  expect(lines).toHaveLength(63);
  expect(
    lines.filter((line) => line.includes('more untrusted notifications arrive than are kept')),
  ).toHaveLength(1);
});

test('of a large one no more than 8 KiB are kept', async () => {
  const raw = randomBytes(60_000);
  await untrusted({ ...forged, raw });
  const { rows } = await database.query<{ readonly sealed_bytes: Buffer }>(
    'select sealed_bytes from untrusted_notifications',
  );
  const opened = sealing.open(
    rows[0]?.sealed_bytes ?? Buffer.of(),
    'untrusted_notifications.sealed_bytes alipay_plus/main',
  );
  expect(opened.equals(raw.subarray(0, 8 * 1024))).toBe(true);
});

test('one that cannot be kept is in the log all the same, and whoever sent it learns nothing of that', async () => {
  const away = openDatabase({
    url: 'postgres://shoudan@127.0.0.1:1/away',
    poolSize: 1,
    applicationName: 'test',
    onIdleError: () => {},
  });
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(`${chunk}`);
      done();
    },
  });
  const keeping = createUntrustedNotifications(away, sealing, pino(sink), counts);
  await expect(keeping(forged)).resolves.toBeUndefined();
  expect(lines.join('')).toContain('a notification cannot be trusted');
  expect(lines.join('')).toContain('an untrusted notification could not be kept');
  await away.end();
});

test('stray notifications are counted too, each time that one comes', async () => {
  const seen: string[] = [];
  const strays = countedStrays({ keep: async ({ says }) => void seen.push(says) }, counts);
  const stray = {
    wallet: 'alipay_open',
    account: 'main',
    requestId: 'P1',
    says: 'paid',
    raw: forged.raw,
  } as const;
  await strays.keep(stray);
  await strays.keep(stray);
  expect(seen).toEqual(['paid', 'paid']);
  const { body } = await gatewayMetrics({ database, signals: counts })();
  expect(body).toContain('shoudan_stray_notifications_total{wallet="alipay_open",account="main"} 2');
});

// proves RES-19
test('answers of payments in trouble are kept a few at a time, and a database that is away is told of without them', async () => {
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(`${chunk}`);
      done();
    },
  });
  let asked = 0;
  const ends: (() => void)[] = [];
  const away = {
    query: () => {
      asked += 1;
      return new Promise((_, reject) => ends.push(() => reject(new Error('the database is away'))));
    },
  } as unknown as typeof database;
  const report = createReport(away, sealing, pino(sink));
  const answer = {
    ...{ merchantId: 'M1', paymentId: 'pay_1', refundId: null, call: 'cancel', answer: 'unclear' },
    ...{ walletCode: '20000', raw: Buffer.from('{"buyer_user_id":"2088102146225135"}') },
  };
  for (let count = 0; count < 100; count += 1) report.troubledAnswer(answer);
  expect(asked).toBe(8);
  for (const end of ends.splice(0)) end();
  await vi.waitFor(() => expect(lines).toHaveLength(8));
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ payment_id: 'pay_1', error: 'the database is away' });
  expect(lines.join('')).not.toContain('2088102146225135');
  report.troubledAnswer(answer);
  expect(asked).toBe(9);
});
