import { readFileSync } from 'node:fs';
import { beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Database } from '../../src/adapters/postgres/database.ts';
import { openedTestDatabase } from '../../src/adapters/postgres/opened-test-database.fixture.ts';
import { gatewayMetrics, type MetricsText } from '../../src/apps/metrics.ts';
import { createProcessSignals, type ProcessSignals } from '../../src/apps/process-signals.ts';
import type { WalletName } from '../../src/domain/wallets.ts';
import { evaluated, type Scrape, samplesOf, secondsOf } from './rule-evaluation.fixture.ts';

/*
 * The rules over what gateways and workers really tell, minute by minute: each rings in its trouble, none rings without one.
 */

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
}

const { groups } = parse(
  readFileSync(new URL('../../docs/operating/alerts.yml', import.meta.url), 'utf8'),
) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

const { database } = await openedTestDatabase();

beforeEach(async () => {
  await database.query('truncate payments, orders, endpoints, stray_notifications, workers cascade');
  await database.query(
    `insert into workers (id, seen_at) values ('host/1', clock_timestamp() + interval '1 day')`,
  );
});

/** A gateway and a worker that a collector looks at every minute. */
interface World {
  readonly gateway: ProcessSignals;
  readonly worker: ProcessSignals;
  readonly database: Database;
  /** A gateway that does not answer its collector. */
  gatewayAnswers: boolean;
  databaseAnswers: boolean;
}

/** What happens each minute of an ordinary day. */
async function ordinaryMinute({ gateway, worker }: World, minute: number): Promise<void> {
  for (let times = 0; times < 40; times += 1) await called(gateway, 'pay', { kind: 'paid' });
  // Two in a hundred calls get no answer, and a payer's funds end now and then.
  await called(gateway, 'pay', { kind: 'no_answer', reason: 'timeout' });
  await called(gateway, 'pay', { kind: 'refused', code: 'USER_BALANCE_NOT_ENOUGH' });
  await called(gateway, 'inquire', { kind: 'paid' });
  gateway.notified('alipay_plus', 'taken');
  gateway.notified('alipay_plus', minute % 5 === 0 ? 'untrusted' : 'taken');
  for (let times = 0; times < 40; times += 1) gateway.answered(request(201));
  gateway.answered(request(409));
  await delivered(worker, 'accepted', 40);
  if (minute % 2 === 0) await delivered(worker, 'failed', 1);
}

/** A quiet night: nobody sells anything. */
async function quietMinute(): Promise<void> {}

function called(
  signals: ProcessSignals,
  name: 'pay' | 'inquire',
  answer: { readonly kind: string; readonly code?: string; readonly reason?: string },
): Promise<unknown> {
  return signals.aroundCall(
    { wallet: 'alipay_plus', account: 'main', name, requestId: 'P1' },
    async () => answer,
  );
}

function request(status: number) {
  return { method: 'POST', route: '/v1/payments', status, seconds: 0.1 };
}

async function delivered(signals: ProcessSignals, kind: 'accepted' | 'failed', times: number): Promise<void> {
  const reply =
    kind === 'accepted' ? ({ kind } as const) : ({ kind, reason: 'the endpoint answered 500' } as const);
  const endpoint = signals.measured({ send: async () => reply });
  const message = {
    url: 'https://merchant.example/',
    messageId: 'evt_1',
    secret: 'whsec_',
    body: '{}',
    timeoutMs: 1,
  };
  for (let time = 0; time < times; time += 1) await endpoint.send(message);
}

interface Trouble {
  readonly begins?: (world: World) => unknown;
  /** Each minute while it lasts, beside what happens then. */
  readonly each?: (world: World) => unknown;
  readonly ends?: (world: World) => unknown;
}

interface Ringing {
  readonly alert: string;
  readonly atMinute: number;
}

/** Ten ordinary minutes, the trouble, and twenty ordinary minutes after it: what rings, and what does at the end. */
async function rung(
  trouble: Trouble,
  lastsMinutes: number,
  usually: (world: World, minute: number) => Promise<void> = ordinaryMinute,
): Promise<{ readonly all: Ringing[]; readonly inTheEnd: string[] }> {
  let nowMs = 0;
  const world: World = {
    gateway: createProcessSignals(),
    worker: createProcessSignals(),
    database,
    gatewayAnswers: true,
    databaseAnswers: true,
  };
  const reached = new Proxy(database, {
    get(target, name) {
      if (name === 'query' && !world.databaseAnswers)
        return async () => Promise.reject(new Error('ECONNREFUSED'));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const monotonicMs = () => nowMs;
  const admission = { paymentsInFlight: () => 0 };
  const processes: {
    readonly instance: string;
    readonly text: MetricsText;
    readonly answers: () => boolean;
  }[] = [
    {
      instance: 'gateway',
      text: gatewayMetrics({ database: reached, signals: world.gateway, admission, monotonicMs }),
      answers: () => world.gatewayAnswers,
    },
    {
      instance: 'worker',
      text: gatewayMetrics({ database: reached, signals: world.worker, monotonicMs }),
      answers: () => true,
    },
  ];
  const scrapes: Scrape[] = [];
  const pendingSince = new Map<string, number>();
  const all: Ringing[] = [];
  let ringing: string[] = [];
  for (let minute = 0; minute < 30 + lastsMinutes; minute += 1) {
    const atS = minute * 60;
    if (minute === 10) await trouble.begins?.(world);
    if (minute === 10 + lastsMinutes) await trouble.ends?.(world);
    if (minute > 10 && minute < 10 + lastsMinutes) await trouble.each?.(world);
    await usually(world, minute);
    nowMs += 60_000;
    for (const { instance, text, answers } of processes) {
      scrapes.push({ instance, atS, samples: answers() ? samplesOf((await text()).body) : [] });
    }
    const recent = scrapes.slice(-2 * 20);
    ringing = rules.flatMap((rule) => {
      const elements = evaluated(rule.expr, recent, atS);
      const keys = elements.map(({ labels }) => `${rule.alert} ${JSON.stringify(labels)}`);
      for (const key of pendingSince.keys()) {
        if (key.startsWith(`${rule.alert} `) && !keys.includes(key)) pendingSince.delete(key);
      }
      for (const key of keys) pendingSince.set(key, pendingSince.get(key) ?? atS);
      const forS = secondsOf(rule.for ?? '0s');
      return keys.some((key) => atS - (pendingSince.get(key) ?? atS) >= forS) ? [rule.alert] : [];
    });
    for (const alert of ringing) {
      if (!all.some((one) => one.alert === alert)) all.push({ alert, atMinute: minute });
    }
  }
  return { all, inTheEnd: ringing };
}

const payment = (fields: { readonly attention?: string; readonly dueSecondsAgo?: number }) => async () => {
  await database.query(
    `insert into orders (merchant_id, merchant_order_no) values ('M1', 'O1') on conflict do nothing`,
  );
  await database.query(
    `insert into payments (merchant_id, id, merchant_order_no, wallet, account, product, currency, amount, store_id,
       terminal_id, sub_merchant_id, subject, metadata, expires_at, created_at, state, version, updated_at, next_step, due_at,
       attention, attention_since)
     values ('M1', 'pay_1', 'O1', 'alipay_plus', 'main', 'payment_code', 'USD', 100, 'S1', 'T1', 'smid', 'tea', '{}', now(), now(),
       'unknown', 1, now(), 'inquire', now() - $1 * interval '1 second', $2::text, case when $2 is not null then now() end)`,
    [fields.dueSecondsAgo ?? 0, fields.attention ?? null],
  );
};
const noPayment = () => database.query('delete from payments');
const untrusted = (signals: ProcessSignals, wallet: WalletName) =>
  signals.aroundCall({ wallet, account: 'main', name: 'inquire', requestId: 'P1' }, async () => ({
    kind: 'no_answer',
    reason: 'untrusted',
  }));
const stray = `insert into stray_notifications (wallet, account, payment_request_id, says, sealed_bytes)
  values ('alipay_plus', 'main', 'P1', 'paid', '')`;
const disabled = `insert into endpoints (merchant_id, url, failing_since, failures, last_failure, disabled_at)
  values ('M1', 'https://merchant.example/', now() - interval '6 days', 40, 'it answered 500', now())`;
const times = (count: number, act: () => void): void => {
  for (let time = 0; time < count; time += 1) act();
};

/** The rule, how many minutes after its beginning the trouble has rung at the latest, and the trouble. */
const troubles: readonly (readonly [string, string, number, Trouble])[] = [
  [
    'ShoudanOneSidedPayments',
    'money at an ended payment',
    11,
    { begins: payment({ attention: 'paid_after_end' }), ends: noPayment },
  ],
  [
    'ShoudanUnresolvedPayments',
    'a cancel without an answer',
    31,
    { begins: payment({ attention: 'cancel_unresolved' }), ends: noPayment },
  ],
  [
    'ShoudanFailureOfTrust',
    'one answer that cannot be trusted',
    1,
    { begins: ({ gateway }) => untrusted(gateway, 'alipay_plus') },
  ],
  [
    'ShoudanFailureOfTrust',
    'one of a worker’s',
    1,
    { begins: ({ worker }) => untrusted(worker, 'alipay_open') },
  ],
  [
    'ShoudanFailureOfTrust',
    'another amount than asked for',
    1,
    { begins: ({ gateway }) => gateway.notified('alipay_open', 'contradicted') },
  ],
  [
    'ShoudanUnknownPayments',
    'a stray notification',
    6,
    { begins: () => database.query(stray), ends: () => database.query('delete from stray_notifications') },
  ],
  [
    'ShoudanOverdueSteps',
    'a step that nobody takes',
    6,
    { begins: payment({ dueSecondsAgo: 200 }), ends: noPayment },
  ],
  [
    'ShoudanNoWorker',
    'no worker',
    2,
    {
      begins: () => database.query(`update workers set seen_at = now() - interval '1 minute'`),
      ends: () => database.query(`update workers set seen_at = now() + interval '1 day'`),
    },
  ],
  [
    'ShoudanGatewayGone',
    'no gateway, and a worker that tells the same tables',
    3,
    {
      begins(world) {
        world.gatewayAnswers = false;
      },
      ends(world) {
        world.gatewayAnswers = true;
      },
    },
  ],
  [
    'ShoudanDatabaseDown',
    'no database',
    2,
    {
      begins(world) {
        world.databaseAnswers = false;
      },
      ends(world) {
        world.databaseAnswers = true;
      },
    },
  ],
  [
    'ShoudanFailingSteps',
    'an account that is gone',
    6,
    { begins: payment({ attention: 'step_failing' }), ends: noPayment },
  ],
  [
    'ShoudanWalletSilent',
    'a wallet that answers every second call',
    6,
    {
      each: async ({ gateway }) => {
        for (let time = 0; time < 40; time += 1) {
          await called(gateway, 'pay', { kind: 'no_answer', reason: 'timeout' });
        }
      },
    },
  ],
  [
    'ShoudanWalletRefusesCalls',
    'a refused configuration',
    2,
    { begins: payment({ attention: 'refused_by_wallet_configuration' }), ends: noPayment },
  ],
  [
    'ShoudanForgedNotifications',
    'a burst of forgeries',
    1,
    { begins: ({ gateway }) => times(30, () => gateway.notified('alipay_open', 'untrusted')) },
  ],
  [
    'ShoudanUndeliveredResults',
    'a disabled endpoint',
    6,
    { begins: () => database.query(disabled), ends: () => database.query('delete from endpoints') },
  ],
  [
    'ShoudanUndeliveredResults',
    'a result that was given up',
    6,
    { begins: payment({ attention: 'delivery_exhausted' }), ends: noPayment },
  ],
  [
    'ShoudanFailingDeliveries',
    'no way out of the network',
    35,
    { each: ({ worker }) => delivered(worker, 'failed', 120) },
  ],
  [
    'ShoudanPaymentsRefused',
    'a full process',
    6,
    { each: ({ gateway }) => gateway.refused('payments_in_flight') },
  ],
  [
    'ShoudanFailingRequests',
    'requests that end with 500',
    9,
    { each: ({ gateway }) => times(2, () => gateway.answered(request(500))) },
  ],
];

it('nothing rings in a quiet night in which one call, one request and the tries of one delivery fail', async () => {
  const mishaps: Trouble = {
    async begins({ gateway, worker }) {
      await called(gateway, 'pay', { kind: 'no_answer', reason: 'timeout' });
      gateway.answered(request(503));
      await delivered(worker, 'failed', 5);
    },
    ends: ({ worker }) => delivered(worker, 'failed', 4),
  };
  expect(await rung(mishaps, 40, quietMinute)).toEqual({ all: [], inTheEnd: [] });
});

it('nothing rings on an ordinary day', async () => {
  expect(await rung({}, 40)).toEqual({ all: [], inTheEnd: [] });
});

it.each(troubles)(
  '%s rings for %s, nothing else does, and it ends',
  async (alert, _trouble, withinMinutes, trouble) => {
    const { all, inTheEnd } = await rung(trouble, withinMinutes + 5);
    expect(all.map((one) => one.alert)).toEqual([alert]);
    expect(all[0]?.atMinute).toBeGreaterThanOrEqual(10);
    expect(all[0]?.atMinute).toBeLessThanOrEqual(10 + withinMinutes);
    expect(inTheEnd).toEqual([]);
  },
);

it('every rule has its trouble', () => {
  expect([...new Set(troubles.map(([alert]) => alert))].toSorted()).toEqual(
    rules.map(({ alert }) => alert).toSorted(),
  );
});
