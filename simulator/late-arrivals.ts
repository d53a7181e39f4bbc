import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { WalletName } from './faults.ts';

/** A call that was under way when its connection went (fault `arrives_late`): on disk until it has been carried out. */
export interface LateArrival {
  readonly id: number;
  readonly dueAtMs: number;
  /** The application's or client's id. */
  readonly appId: string;
  readonly method: string;
  /** What it says: `biz_content`, or the body. */
  readonly bizContent: string;
  readonly notifyUrl: string | null;
}

/** Those of one wallet. */
export interface LateArrivalRecords {
  all(): readonly LateArrival[];
  add(arrival: Omit<LateArrival, 'id'>): LateArrival;
  /** Removes it, in the transaction that carries it out: whoever takes it is the only one. */
  take(id: number): LateArrival | undefined;
}

function arrivalOf(row: Record<string, SQLOutputValue>): LateArrival {
  return {
    id: row['id'] as number,
    dueAtMs: row['due_at_ms'] as number,
    appId: row['app_id'] as string,
    method: row['method'] as string,
    bizContent: row['biz_content'] as string,
    notifyUrl: row['notify_url'] as string | null,
  };
}

export function lateArrivalRecords(db: DatabaseSync, wallet: WalletName): LateArrivalRecords {
  const all = db.prepare('select * from late_arrivals where wallet = ? order by due_at_ms, id');
  const insert = db.prepare(
    'insert into late_arrivals (wallet, due_at_ms, app_id, method, biz_content, notify_url) values (?, ?, ?, ?, ?, ?)',
  );
  const take = db.prepare('delete from late_arrivals where id = ? returning *');
  return {
    all: () => all.all(wallet).map(arrivalOf),
    add(arrival) {
      const { dueAtMs, appId, method, bizContent, notifyUrl } = arrival;
      const { lastInsertRowid } = insert.run(wallet, dueAtMs, appId, method, bizContent, notifyUrl);
      return { ...arrival, id: Number(lastInsertRowid) };
    },
    take(id) {
      const row = take.get(id);
      return row === undefined ? undefined : arrivalOf(row);
    },
  };
}
