import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { integerField, invalidValue, type JsonObject, onlyFields } from './json.ts';

/** What a rule may go wrong with. `inquiry` covers both queries, `cancel` also close, `pay` also create and precreate. */
export const faultApis = ['pay', 'inquiry', 'cancel', 'refund', 'notification', '*'] as const;
export type FaultApi = (typeof faultApis)[number];

/** The kind of a call, as the rules name it. */
export type CalledApi = Exclude<FaultApi, '*' | 'notification'>;

/**
 * How a call goes wrong; each call draws once.
 * - `no_answer`: carried out, the answer never comes.
 * - `not_processed`: no answer and nothing done.
 * - `arrives_late`: the connection is gone at once, the call is carried out `delay_ms` later.
 * - `reset`: carried out, then the connection is reset.
 * - `delay`: carried out, the right answer comes `delay_ms` later.
 * - `system_error`: carried out, the answer is `20000`, or `U` UNKNOWN_EXCEPTION.
 * - `paying`: a pay of a payment code waits for its payer (`10003`, PAYMENT_IN_PROCESS) whatever the amount.
 * - `bad_signature`, `truncated`, `http_500`: carried out; the answer is signed over something else, cut in the middle, or an error page.
 * - `not_found_first`: a pay or create is carried out unanswered, and the next two queries of its trade do not find it.
 * - `notification_before_answer`: a pay is answered only after its notification has been acknowledged, or has had a second to be. A rule
 *   may name it for `pay` or for `notification`.
 * - `late_success_after_cancel`: a cancel is carried out, and `delay_ms` later its payer's payment arrives all the same. `alipay_plus`: of
 *   an unpaid payment, the money is taken and given back at once. `alipay_open`: of an order code that nobody has scanned yet, which the
 *   cancel does not know; it is scanned and paid.
 */
const callFaultNames = [
  'no_answer',
  'not_processed',
  'arrives_late',
  'reset',
  'delay',
  'system_error',
  'paying',
  'bad_signature',
  'truncated',
  'http_500',
  'not_found_first',
  'notification_before_answer',
  'late_success_after_cancel',
] as const;
export type CallFault = (typeof callFaultNames)[number];

/**
 * How a notification goes wrong. `late_notification` is drawn once, when there is something to tell; the others for every try,
 * so that `count` counts tries.
 * - `late_notification`: the first try leaves `delay_ms` later.
 * - `lost_notification`: this try never leaves.
 * - `duplicate_notification`: this try leaves three times at once.
 * - `wrong_amount_notification`: this try names another amount, under the wallet's signature.
 * - `forged_notification`: this try is signed with a stranger's key.
 *
 * After a lost, wrong or forged try the true notification follows on the wallet's schedule, whatever the receiver has said to it.
 */
const notificationFaultNames = [
  'late_notification',
  'lost_notification',
  'duplicate_notification',
  'wrong_amount_notification',
  'forged_notification',
] as const;
export type NotificationFault = (typeof notificationFaultNames)[number];

export const faultNames = [...callFaultNames, ...notificationFaultNames] as const;
export type FaultName = (typeof faultNames)[number];

/** The wallets that the simulator is. */
export const wallets = ['alipay_open', 'alipay_plus'] as const;
export type WalletName = (typeof wallets)[number];

const callApis = ['pay', 'inquiry', 'cancel', 'refund', '*'] as const satisfies readonly FaultApi[];

/** The apis whose rules may name a fault, where those are not all of the calls. */
const narrowApis: Partial<Record<FaultName, readonly FaultApi[]>> = {
  paying: ['pay', '*'],
  not_found_first: ['pay', '*'],
  notification_before_answer: ['pay', 'notification', '*'],
  late_success_after_cancel: ['cancel', '*'],
  ...Object.fromEntries(notificationFaultNames.map((name) => [name, ['notification', '*']])),
};

function apisOf(fault: FaultName): readonly FaultApi[] {
  return narrowApis[fault] ?? callApis;
}

const defaultDelayMs: Partial<Record<FaultName, number>> = {
  arrives_late: 2000,
  delay: 3000,
  late_success_after_cancel: 2000,
  late_notification: 5000,
};

export interface FaultRule {
  readonly api: FaultApi;
  readonly fault: FaultName;
  /** `null`: any wallet. */
  readonly wallet: WalletName | null;
  /** Chance of each matching call, or `null` when the rule counts. */
  readonly probability: number | null;
  /** So many next matching calls, or `null` when the rule draws. */
  readonly count: number | null;
  /** What is left of `count`. */
  readonly remaining: number | null;
  readonly delayMs: number | null;
  /** Makes the draws repeatable: the same seed, the same sequence. */
  readonly seed: number | null;
}

export interface DrawnFault<T extends FaultName = CallFault> {
  readonly fault: T;
  readonly delayMs: number;
}

/** The rules, kept on disk with the draws they have made. Every method but `all` belongs inside a transaction. */
export interface FaultRecords {
  all(): readonly FaultRule[];
  /** Replaces the rules of the same api and fault that meet a wallet which the new one meets too. */
  put(rule: FaultRule): void;
  clear(): void;
  /** The fault that this call gets, if any: counting rules come first, then the others in the order they were made. */
  draw(wallet: WalletName, api: CalledApi, fits: (fault: CallFault) => boolean): DrawnFault | null;
  /** The same for a notification or one try of it. */
  drawForNotification(
    wallet: WalletName,
    fits: (fault: NotificationFault) => boolean,
  ): DrawnFault<NotificationFault> | null;
}

export function readFaultRule(json: JsonObject): FaultRule {
  onlyFields(json, ['api', 'fault', 'probability', 'count', 'delay_ms', 'wallet', 'seed']);
  const api = oneOf(json, 'api', faultApis);
  const fault = oneOf(json, 'fault', faultNames);
  const apis = apisOf(fault);
  if (!apis.includes(api)) throw invalidValue(`api of ${fault}`, api, apis);
  const { probability = null, count = null } = json;
  if ((probability === null) === (count === null)) {
    throw invalidValue('probability or count', { probability, count }, 'exactly one of the two');
  }
  if (probability !== null && !(typeof probability === 'number' && probability > 0 && probability <= 1)) {
    throw invalidValue('probability', probability, 'a number above 0 and up to 1');
  }
  const counted = count === null ? null : integerField(json, 'count', 1, 1_000_000_000);
  return {
    api,
    fault,
    wallet: json['wallet'] === undefined ? null : oneOf(json, 'wallet', wallets),
    probability,
    count: counted,
    remaining: counted,
    delayMs: json['delay_ms'] === undefined ? null : integerField(json, 'delay_ms', 0, 86_400_000),
    seed: json['seed'] === undefined ? null : integerField(json, 'seed', 0, 0xffff_ffff),
  };
}

export function faultView(rule: FaultRule): JsonObject {
  return {
    api: rule.api,
    fault: rule.fault,
    ...(rule.wallet === null ? {} : { wallet: rule.wallet }),
    ...(rule.probability === null ? {} : { probability: rule.probability }),
    ...(rule.count === null ? {} : { count: rule.count, remaining: rule.remaining }),
    ...(rule.delayMs === null ? {} : { delay_ms: rule.delayMs }),
    ...(rule.seed === null ? {} : { seed: rule.seed }),
  };
}

function oneOf<T extends string>(json: JsonObject, name: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === json[name]);
  if (found === undefined) throw invalidValue(name, json[name], allowed);
  return found;
}

function ruleOf(row: Record<string, SQLOutputValue>): FaultRule {
  return {
    api: row['api'] as FaultApi,
    fault: row['fault'] as FaultName,
    wallet: row['wallet'] as WalletName | null,
    probability: row['probability'] as number | null,
    count: row['count'] as number | null,
    remaining: row['remaining'] as number | null,
    delayMs: row['delay_ms'] as number | null,
    seed: row['seed'] as number | null,
  };
}

/** One step of mulberry32: the next state and a number in [0, 1). */
function nextDraw(state: number): { readonly state: number; readonly value: number } {
  const next = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(next ^ (next >>> 15), next | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return { state: next, value: ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000 };
}

export function faultRecords(db: DatabaseSync): FaultRecords {
  const all = db.prepare('select * from faults order by id');
  const candidates = db.prepare(
    `select * from faults where (api in (?1, '*') or (?1 = 'pay' and fault = 'notification_before_answer')) and (wallet is null or wallet = ?2)
     and (remaining is null or remaining > 0) order by probability is not null, id`,
  );
  const remove = db.prepare(
    'delete from faults where api = ? and fault = ? and (wallet is null or coalesce(?, wallet) = wallet)',
  );
  const insert = db.prepare(
    `insert into faults (api, fault, wallet, probability, count, remaining, delay_ms, seed, random_state)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const clear = db.prepare('delete from faults');
  const countDown = db.prepare('update faults set remaining = remaining - 1 where id = ?');
  const keepState = db.prepare('update faults set random_state = ? where id = ?');

  function hits(row: Record<string, SQLOutputValue>): boolean {
    const id = row['id'] as number;
    if (row['probability'] === null) {
      countDown.run(id);
      return true;
    }
    const seeded = row['random_state'] as number | null;
    if (seeded === null) return Math.random() < (row['probability'] as number);
    const { state, value } = nextDraw(seeded);
    keepState.run(state, id);
    return value < (row['probability'] as number);
  }

  function draw<T extends FaultName>(
    wallet: WalletName,
    api: FaultApi,
    fitting: (name: FaultName) => T | undefined,
  ): DrawnFault<T> | null {
    for (const row of candidates.all(api, wallet)) {
      const rule = ruleOf(row);
      const fault = apisOf(rule.fault).includes(api) ? fitting(rule.fault) : undefined;
      if (fault === undefined || !hits(row)) continue;
      return { fault, delayMs: rule.delayMs ?? defaultDelayMs[fault] ?? 0 };
    }
    return null;
  }

  return {
    all: () => all.all().map(ruleOf),
    put(rule) {
      remove.run(rule.api, rule.fault, rule.wallet);
      const { probability, count, remaining, delayMs, seed } = rule;
      insert.run(rule.api, rule.fault, rule.wallet, probability, count, remaining, delayMs, seed, seed);
    },
    clear() {
      clear.run();
    },
    draw: (wallet, api, fits) =>
      draw(wallet, api, (name) => callFaultNames.find((one) => one === name && fits(one))),
    drawForNotification: (wallet, fits) =>
      draw(wallet, 'notification', (name) => notificationFaultNames.find((one) => one === name && fits(one))),
  };
}
