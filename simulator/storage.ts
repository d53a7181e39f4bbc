import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * The wallet's truth on disk. Everything is written through `submit`, whose promise resolves after the commit has reached the
 * disk (`synchronous = FULL`), so nothing that was ever answered can be lost by a kill or a crash.
 */
export interface Journal {
  readonly db: DatabaseSync;
  /**
   * Runs `work` inside a transaction. Works that are submitted in one turn of the event loop share one commit, which
   * is what makes a thousand durable payments a second possible. A work must be synchronous and touch nothing but the
   * database: when another work of its batch throws, it is rolled back and run again alone.
   */
  submit<T>(work: () => T): Promise<T>;
  /** Runs what is still queued, then closes the file. Later calls of `submit` reject. */
  close(): void;
}

/** Says in one sentence why the simulator cannot start; meant for the person who started it. */
export class StartRefused extends Error {}

const schemaVersion = 2;

/** What a folder of that layout lacks; the tables that are new come from `schema`. */
const upgrades: Readonly<Record<number, string>> = {
  1: `
alter table payers add column wallet text not null default 'alipay_open';
alter table payers add column brand text not null default 'Alipay';
alter table payers add column currency text not null default 'CNY';
alter table late_arrivals add column wallet text not null default 'alipay_open';
`,
};

const schema = `
create table if not exists settings (name text primary key, value text not null) strict;

create table if not exists apps (
  app_id text primary key,
  pid text not null,
  public_key text not null,
  wallet_private_key text not null,
  smids text not null,
  auth_tokens text not null,
  settings text not null
) strict;

create table if not exists further_keys (
  wallet text not null,
  caller_id text not null,
  version integer not null,
  public_key text not null,
  primary key (wallet, caller_id, version)
) strict;

create table if not exists payers (
  payer_id text primary key,
  buyer_id text not null unique,
  logon_id text not null,
  balance_minor integer,
  wallet text not null default 'alipay_open',
  brand text not null default 'Alipay',
  currency text not null default 'CNY'
) strict;

create table if not exists payment_codes (
  code text primary key,
  payer_id text not null references payers,
  reusable integer not null,
  expires_at_ms integer,
  used_at_ms integer
) strict;

create table if not exists trades (
  out_trade_no text not null,
  app_id text not null,
  trade_no text not null unique,
  origin text not null,
  status text not null,
  amount_minor integer not null,
  subject text not null,
  body text,
  auth_code text,
  payer_id text not null,
  smid text not null,
  store_id text not null,
  terminal_id text not null,
  merchant_order_no text,
  notify_url text,
  created_at_ms integer not null,
  expires_at_ms integer not null,
  paid_at_ms integer,
  closed_at_ms integer,
  closed_by text,
  charged_minor integer not null,
  refunded_minor integer not null,
  fee_minor integer not null,
  fee_returned_minor integer not null,
  last_refund_at_ms integer,
  hidden_inquiries integer not null,
  primary key (out_trade_no, app_id)
) strict;

create table if not exists refunds (
  trade_no text not null,
  out_request_no text not null,
  amount_minor integer not null,
  reason text,
  fee_returned_minor integer not null,
  refunded_at_ms integer not null,
  primary key (trade_no, out_request_no)
) strict;

create table if not exists order_codes (
  out_trade_no text not null,
  app_id text not null,
  qr_code text not null,
  biz_content text not null,
  notify_url text,
  created_at_ms integer not null,
  expires_at_ms integer not null,
  primary key (out_trade_no, app_id)
) strict;

create table if not exists faults (
  id integer primary key autoincrement,
  api text not null,
  fault text not null,
  wallet text,
  probability real,
  count integer,
  remaining integer,
  delay_ms integer,
  seed integer,
  random_state integer
) strict;

create table if not exists late_arrivals (
  id integer primary key autoincrement,
  due_at_ms integer not null,
  app_id text not null,
  method text not null,
  biz_content text not null,
  notify_url text,
  wallet text not null default 'alipay_open'
) strict;

create table if not exists clients (
  client_id text primary key,
  public_key text not null,
  wallet_private_key text not null,
  merchants text not null,
  currencies text,
  settings text not null
) strict;

create table if not exists ams_payments (
  payment_request_id text not null,
  client_id text not null,
  payment_id text not null unique,
  scenario text not null,
  status text not null,
  result_code text not null,
  currency text not null,
  amount_minor integer not null,
  payment_code text,
  payer_id text,
  token text unique,
  merchant_id text not null,
  merchant_name text not null,
  store_id text not null,
  store_name text not null,
  description text not null,
  notify_url text not null,
  redirect_url text,
  user_agent text,
  created_at_ms integer not null,
  expires_at_ms integer not null,
  paid_at_ms integer,
  closed_at_ms integer,
  charged_minor integer not null,
  refunded_minor integer not null,
  payer_charged_minor integer not null,
  payer_refunded_minor integer not null,
  late_success_at_ms integer,
  hidden_inquiries integer not null,
  primary key (payment_request_id, client_id)
) strict;

create index if not exists ams_payments_of_payers on ams_payments (payer_id) where status = 'PROCESSING';

create index if not exists ams_payments_late on ams_payments (late_success_at_ms) where late_success_at_ms is not null;

create table if not exists ams_refunds (
  refund_request_id text not null,
  client_id text not null,
  refund_id text not null unique,
  payment_id text not null,
  status text not null,
  result_code text not null,
  amount_minor integer not null,
  refunded_at_ms integer not null,
  primary key (refund_request_id, client_id)
) strict;

create index if not exists ams_refunds_of_payments on ams_refunds (payment_id);

create table if not exists ams_registrations (
  registration_request_id text not null,
  client_id text not null,
  merchant_id text not null,
  store_id text not null,
  content text not null,
  pass_through text,
  registered_at_ms integer not null,
  decided_at_ms integer not null,
  primary key (registration_request_id, client_id)
) strict;

create index if not exists ams_registrations_of_merchants on ams_registrations (client_id, merchant_id, store_id);

create table if not exists notifications (
  id integer primary key autoincrement,
  wallet text not null,
  app_id text not null,
  request_id text not null,
  url text not null,
  facts text not null,
  created_at_ms integer not null,
  tries integer not null,
  steps integer not null,
  last_try_at_ms integer,
  last_fault text,
  last_outcome text,
  acknowledged_at_ms integer,
  next_try_at_ms integer
) strict;

create index if not exists notifications_due on notifications (next_try_at_ms) where next_try_at_ms is not null;
create index if not exists notifications_of_payment on notifications (request_id);
`;

interface Queued {
  run(): void;
  committed(): void;
  failed(error: unknown): void;
}

/** `<data dir>/simulator/wallet.sqlite`, private to its owner because it holds the wallet's keys. */
export function openJournal(dataDir: string): Journal {
  const folder = join(dataDir, 'simulator');
  const db = openDatabase(dataDir, folder);
  const begin = db.prepare('begin immediate');
  const commit = db.prepare('commit');
  let queue: Queued[] = [];
  let isClosed = false;

  function runTogether(batch: readonly Queued[]): void {
    begin.run();
    try {
      for (const queued of batch) queued.run();
      commit.run();
    } catch (error) {
      if (db.isTransaction) db.exec('rollback');
      throw error;
    }
  }

  function flush(): void {
    if (queue.length === 0) return;
    const batch = queue;
    queue = [];
    try {
      runTogether(batch);
      for (const queued of batch) queued.committed();
    } catch (error) {
      if (batch.length === 1) batch[0]?.failed(error);
      else runOneByOne(batch);
    }
  }

  function runOneByOne(batch: readonly Queued[]): void {
    for (const queued of batch) {
      try {
        runTogether([queued]);
        queued.committed();
      } catch (error) {
        queued.failed(error);
      }
    }
  }

  return {
    db,
    submit<T>(work: () => T): Promise<T> {
      if (isClosed) return Promise.reject(new Error('the simulator is closing'));
      return new Promise<T>((resolve, reject) => {
        let result: { value: T } | undefined;
        if (queue.length === 0) setImmediate(flush);
        queue.push({
          run: () => {
            result = { value: work() };
          },
          committed: () => {
            if (result !== undefined) resolve(result.value);
          },
          failed: reject,
        });
      });
    },
    close() {
      if (isClosed) return;
      flush();
      isClosed = true;
      db.close();
    },
  };
}

function openDatabase(dataDir: string, folder: string): DatabaseSync {
  const file = join(folder, 'wallet.sqlite');
  let db: DatabaseSync | undefined;
  try {
    // The data folder is shared with others and keeps the usual mode; the simulator's own holds its keys.
    mkdirSync(dataDir, { recursive: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    db = new DatabaseSync(file, { timeout: 1000 });
    chmodSync(file, 0o600);
    // One process owns the file: a second simulator on the same folder would serve a truth of its own.
    db.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full');
    const { user_version: version } = { ...db.prepare('pragma user_version').get() };
    const upgrade = version === 0 || version === schemaVersion ? '' : upgrades[version as number];
    if (upgrade === undefined) {
      throw new StartRefused(`${file} was written by another version of the simulator (layout ${version})`);
    }
    db.exec(`begin exclusive; ${upgrade} ${schema} pragma user_version = ${schemaVersion}; commit`);
    return db;
  } catch (error) {
    db?.close();
    throw error instanceof StartRefused
      ? error
      : new StartRefused(refusalText(folder, error), { cause: error });
  }
}

function refusalText(folder: string, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (/database is locked/.test(text)) return `another simulator already uses the folder ${folder}`;
  return `the folder ${folder} cannot be written (${text}); set SHOUDAN_DATA_DIR to one that can`;
}
