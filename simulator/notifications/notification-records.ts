import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { NotificationFault, WalletName } from '../faults.ts';
import { type JsonObject, parseJsonObject } from '../json.ts';
import type { NotificationDraft } from './outbox.ts';

/** A notification on disk with what has become of its tries. */
export interface Notification extends NotificationDraft {
  readonly id: number;
  readonly createdAtMs: number;
  /** Tries so far, those that were asked for by hand included. */
  readonly tries: number;
  /** Tries of the wallet's own schedule so far. */
  readonly steps: number;
  readonly lastTryAtMs: number | null;
  readonly lastFault: NotificationFault | null;
  /** What became of the last try, in words; `null` while the first is on its way. */
  readonly lastOutcome: string | null;
  readonly acknowledgedAtMs: number | null;
  /** `null`: acknowledged, or the schedule is used up. */
  readonly nextTryAtMs: number | null;
}

/** Everything but reading belongs inside a transaction. */
export interface NotificationRecords {
  find(id: number): Notification | undefined;
  all(): readonly Notification[];
  ofPayment(requestId: string): readonly Notification[];
  /** The ids of those whose time has come, the longest due first, at most `limit`. */
  due(nowMs: number, limit: number): readonly number[];
  /** The earliest time after `afterMs` at which one is due. */
  nextDueAfter(afterMs: number): number | null;
  add(draft: NotificationDraft, nowMs: number, firstTryAtMs: number): void;
  /** A try begins. What follows it is noted before the bytes leave, so that a process that ends here goes on with the schedule. */
  begin(id: number, nowMs: number, fault: NotificationFault | null, step: NextStep | null): void;
  /** How a try ended. `nextTryAtMs` is of a try of the schedule that was not acknowledged. */
  end(id: number, outcome: Outcome): void;
}

/** Of a try of the schedule: which it is, and when the next one follows. */
export interface NextStep {
  readonly steps: number;
  readonly nextTryAtMs: number | null;
}

export interface Outcome {
  readonly words: string;
  readonly acknowledgedAtMs: number | null;
  /** `undefined`: leaves the schedule as it is. */
  readonly nextTryAtMs: number | null | undefined;
}

function notificationOf(row: Record<string, SQLOutputValue>): Notification {
  const time = (name: string): number | null => row[name] as number | null;
  return {
    id: row['id'] as number,
    wallet: row['wallet'] as WalletName,
    appId: row['app_id'] as string,
    requestId: row['request_id'] as string,
    url: row['url'] as string,
    facts: parseJsonObject(row['facts'] as string) ?? {},
    createdAtMs: row['created_at_ms'] as number,
    tries: row['tries'] as number,
    steps: row['steps'] as number,
    lastTryAtMs: time('last_try_at_ms'),
    lastFault: row['last_fault'] as NotificationFault | null,
    lastOutcome: row['last_outcome'] as string | null,
    acknowledgedAtMs: time('acknowledged_at_ms'),
    nextTryAtMs: time('next_try_at_ms'),
  };
}

export function notificationRecords(db: DatabaseSync): NotificationRecords {
  const find = db.prepare('select * from notifications where id = ?');
  const all = db.prepare('select * from notifications order by id');
  const ofPayment = db.prepare('select * from notifications where request_id = ? order by id');
  const due = db.prepare(
    'select id from notifications where next_try_at_ms <= ? order by next_try_at_ms, id limit ?',
  );
  const nextDue = db.prepare(
    'select min(next_try_at_ms) as at_ms from notifications where next_try_at_ms > ?',
  );
  const insert = db.prepare(
    `insert into notifications (wallet, app_id, request_id, url, facts, created_at_ms, tries, steps, next_try_at_ms)
     values (?, ?, ?, ?, ?, ?, 0, 0, ?)`,
  );
  const begin = db.prepare(
    'update notifications set tries = tries + 1, last_try_at_ms = ?, last_fault = ?, last_outcome = null where id = ?',
  );
  const step = db.prepare('update notifications set steps = ?, next_try_at_ms = ? where id = ?');
  const end = db.prepare('update notifications set last_outcome = ? where id = ?');
  const acknowledge = db.prepare(
    `update notifications set acknowledged_at_ms = coalesce(acknowledged_at_ms, ?), next_try_at_ms = null where id = ?`,
  );
  // An acknowledgement of another try that came meanwhile has ended the schedule.
  const goOn = db.prepare(
    'update notifications set next_try_at_ms = ? where id = ? and acknowledged_at_ms is null',
  );

  return {
    find(id) {
      const row = find.get(id);
      return row === undefined ? undefined : notificationOf(row);
    },
    all: () => all.all().map(notificationOf),
    ofPayment: (requestId) => ofPayment.all(requestId).map(notificationOf),
    due: (nowMs, limit) => due.all(nowMs, limit).map((row) => row['id'] as number),
    nextDueAfter: (afterMs) => (nextDue.get(afterMs)?.['at_ms'] ?? null) as number | null,
    add(draft, nowMs, firstTryAtMs) {
      const { wallet, appId, requestId, url, facts } = draft;
      insert.run(wallet, appId, requestId, url, JSON.stringify(facts), nowMs, firstTryAtMs);
    },
    begin(id, nowMs, fault, next) {
      begin.run(nowMs, fault, id);
      if (next !== null) step.run(next.steps, next.nextTryAtMs, id);
    },
    end(id, { words, acknowledgedAtMs, nextTryAtMs }) {
      end.run(words, id);
      if (acknowledgedAtMs !== null) acknowledge.run(acknowledgedAtMs, id);
      else if (nextTryAtMs !== undefined) goOn.run(nextTryAtMs, id);
    },
  };
}

export function notificationView(notification: Notification): JsonObject {
  const time = (atMs: number | null): string | null => (atMs === null ? null : new Date(atMs).toISOString());
  return {
    id: notification.id,
    wallet: notification.wallet,
    app_id: notification.appId,
    payment_request_id: notification.requestId,
    url: notification.url,
    facts: notification.facts,
    created_at: time(notification.createdAtMs),
    tries: notification.tries,
    last_try_at: time(notification.lastTryAtMs),
    last_fault: notification.lastFault,
    last_outcome: notification.lastOutcome,
    acknowledged_at: time(notification.acknowledgedAtMs),
    next_try_at: time(notification.nextTryAtMs),
  };
}
