import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { integerField, invalidValue, type JsonObject, onlyFields } from './json.ts';

/** What a rule may go wrong with. `inquiry` covers both queries, `cancel` also close, `pay` also create and precreate. */
export const faultApis = ['pay', 'inquiry', 'cancel', 'refund', 'notification', '*'] as const;
export type FaultApi = (typeof faultApis)[number];

/** The kind of a call, as the rules name it. */
export type CalledApi = Exclude<FaultApi, '*' | 'notification'>;

/**
 * How a call goes wrong.
 * - `no_answer`: carried out, the answer never comes.
 * - `not_processed`: no answer and nothing done.
 * - `arrives_late`: the connection is gone at once, the call is carried out `delay_ms` later.
 * - `reset`: carried out, then the connection is reset.
 * - `delay`: carried out, the right answer comes `delay_ms` later.
 * - `system_error`: carried out, the answer is 20000.
 * - `paying`: a pay waits for its payer (10003) whatever the amount.
 * - `bad_signature`, `truncated`, `http_500`: carried out; the answer is signed over something else, cut in the middle, or an error page.
 * - `not_found_first`: a pay or create is carried out unanswered, and the next two queries of its trade do not find it.
 */
export const faultNames = [
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
] as const;
export type FaultName = (typeof faultNames)[number];

const wallets = ['alipay_open'] as const;

/** Faults that only a pay can have. */
const onlyForPay: readonly FaultName[] = ['paying', 'not_found_first'];
const defaultDelayMs: Partial<Record<FaultName, number>> = { arrives_late: 2000, delay: 3000 };

export interface FaultRule {
  readonly api: FaultApi;
  readonly fault: FaultName;
  /** `null`: any wallet. */
  readonly wallet: string | null;
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

export interface DrawnFault {
  readonly fault: FaultName;
  readonly delayMs: number;
}

/** The rules, kept on disk with the draws they have made. Every method but `all` belongs inside a transaction. */
export interface FaultRecords {
  all(): readonly FaultRule[];
  /** Replaces the rule of the same api, fault and wallet. */
  put(rule: FaultRule): void;
  clear(): void;
  /** The fault that this call gets, if any: counting rules come first, then the others in the order they were made. */
  draw(api: CalledApi, fits: (fault: FaultName) => boolean): DrawnFault | null;
}

export function readFaultRule(json: JsonObject): FaultRule {
  onlyFields(json, ['api', 'fault', 'probability', 'count', 'delay_ms', 'wallet', 'seed']);
  const api = oneOf(json, 'api', faultApis);
  const fault = oneOf(json, 'fault', faultNames);
  if (onlyForPay.includes(fault) && api !== 'pay' && api !== '*')
    throw invalidValue(`api of ${fault}`, api, ['pay', '*']);
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
    wallet: row['wallet'] as string | null,
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
    `select * from faults where api in (?, '*') and coalesce(wallet, 'alipay_open') = 'alipay_open'
     and (remaining is null or remaining > 0) order by probability is not null, id`,
  );
  const remove = db.prepare('delete from faults where api = ? and fault = ?');
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

  return {
    all: () => all.all().map(ruleOf),
    put(rule) {
      remove.run(rule.api, rule.fault);
      const { probability, count, remaining, delayMs, seed } = rule;
      insert.run(rule.api, rule.fault, rule.wallet, probability, count, remaining, delayMs, seed, seed);
    },
    clear() {
      clear.run();
    },
    draw(api, fits) {
      for (const row of candidates.all(api)) {
        const rule = ruleOf(row);
        if (!fits(rule.fault) || !hits(row)) continue;
        return { fault: rule.fault, delayMs: rule.delayMs ?? defaultDelayMs[rule.fault] ?? 0 };
      }
      return null;
    },
  };
}
