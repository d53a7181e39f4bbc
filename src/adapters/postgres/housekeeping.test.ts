import { beforeEach, describe, expect, it } from 'vitest';
import {
  anyWorkerAlive,
  dropOutlived,
  ensurePartitions,
  heartbeat,
  leave,
  type Retention,
} from './housekeeping.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';

const { database } = await openedTestDatabase();

const retention: Retention = {
  eventDays: 60,
  untrustedAnswerDays: 14,
  clearedStrayDays: 90,
  failingEndpointDays: 30,
  idempotencyKeyDays: 90,
};

async function textsOf(sql: string): Promise<string[]> {
  const { rows } = await database.query<{ readonly text: string }>(sql);
  return rows.map(({ text }) => text);
}

describe('workers', () => {
  beforeEach(async () => {
    await database.query('truncate workers');
  });
  const lastSeen = (id: string, ago: string) =>
    database.query(
      `insert into workers (id, seen_at) values ($1, clock_timestamp() - $2::interval)
       on conflict (id) do update set seen_at = excluded.seen_at`,
      [id, ago],
    );

  it('one that was just seen is alive, one that left or was not seen for 15 seconds is not', async () => {
    expect(await anyWorkerAlive(database)).toBe(false);
    await heartbeat(database, 'host/1');
    expect(await anyWorkerAlive(database)).toBe(true);
    await leave(database, 'host/1');
    expect(await anyWorkerAlive(database)).toBe(false);
    await lastSeen('host/2', '8 seconds');
    expect(await anyWorkerAlive(database)).toBe(true);
    await lastSeen('host/2', '16 seconds');
    expect(await anyWorkerAlive(database)).toBe(false);
    await heartbeat(database, 'host/2');
    expect(await anyWorkerAlive(database)).toBe(true);
  });

  it('one is enough among many that are gone, and those long gone are forgotten', async () => {
    await lastSeen('host/1', '2 days');
    await lastSeen('host/2', '1 hour');
    await heartbeat(database, 'host/3');
    expect(await anyWorkerAlive(database)).toBe(true);
    expect(await textsOf('select id as text from workers order by id')).toEqual(['host/2', 'host/3']);
  });

  it('one that slept for days and goes on is alive again, not forgotten by its own heartbeat', async () => {
    await lastSeen('host/1', '3 days');
    await heartbeat(database, 'host/1');
    expect(await anyWorkerAlive(database)).toBe(true);
  });
});

describe('partitions', () => {
  const partitions = () =>
    textsOf(`select c.relname as text from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent in ('deliveries'::regclass, 'payment_events'::regclass)
               and c.relname ~ '[0-9]{6}$' order by 1`);
  const months = () =>
    textsOf(`select to_char((clock_timestamp() at time zone 'UTC') + n * interval '1 month', 'YYYYMM') as text
             from generate_series(0, 2) n`);
  const dropMonths = async (): Promise<void> => {
    for (const name of await partitions()) await database.query(`drop table ${name}`);
  };

  it('of this month and the next two are there afterwards, however many processes make them', async () => {
    await dropMonths();
    await Promise.all([1, 2, 3].map(() => ensurePartitions(database)));
    const expected = (await months()).flatMap((month) => [`deliveries_${month}`, `payment_events_${month}`]);
    expect(await partitions()).toEqual(expected.sort());
    await ensurePartitions(database);
    expect(await partitions()).toHaveLength(6);
  });

  it('a month that cannot be made, because rows of it were written already, keeps no other month from being made', async () => {
    await dropMonths();
    await database.query(
      `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at)
       values ('M1', 'evt_1', 'payment.succeeded', 'payment', 'pay_1', 'pay_1', 'https://merchant.example/',
               'delivered', clock_timestamp())`,
    );
    await expect(ensurePartitions(database)).rejects.toThrow();
    const [, ...later] = await months();
    expect(await partitions()).toEqual(
      later.flatMap((month) => [`deliveries_${month}`, `payment_events_${month}`]).sort(),
    );
    await database.query('truncate deliveries');
    await ensurePartitions(database);
    expect(await partitions()).toHaveLength(6);
  });
});

describe('while somebody reads the tables for long, as a dump does', () => {
  const reading = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const reader = await database.connect();
    try {
      await reader.query('begin');
      await reader.query('select from deliveries limit 1');
      await reader.query('select from payment_events limit 1');
      return await work();
    } finally {
      await reader.query('rollback');
      reader.release();
    }
  };
  /** Writes to both tables meanwhile; answers with how long the slowest took, in milliseconds. */
  const slowestWrite = async (meanwhile: Promise<unknown>): Promise<number> => {
    let isOver = false;
    const over = meanwhile
      .catch(() => {})
      .then(() => {
        isOver = true;
      });
    let slowestMs = 0;
    for (let no = 0; !isOver; no += 1) {
      const begunMs = performance.now();
      await database.query(
        `with d as (
           insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at)
           values ('M1', $1, 'payment.succeeded', 'payment', 'pay_1', 'pay_1', 'https://merchant.example/', 'delivered',
             '2019-05-05')
         )
         insert into payment_events (merchant_id, payment_id, version, ordinal, type, data, occurred_at)
         values ('M1', $1, 1, 1, 'PaymentSubmitted', '{}', '2019-05-05')`,
        [`evt_${no}`],
      );
      slowestMs = Math.max(slowestMs, performance.now() - begunMs);
    }
    await over;
    return slowestMs;
  };
  beforeEach(async () => {
    await database.query('truncate deliveries, payment_events');
  });

  it('no payment waits for a month that is to be made, and the month is made when nobody reads', async () => {
    const [month = ''] = await textsOf(
      `select to_char((clock_timestamp() at time zone 'UTC') + interval '1 month', 'YYYYMM') as text`,
    );
    await database.query(`drop table deliveries_${month}`);
    await reading(async () => {
      const making = ensurePartitions(database);
      expect(await slowestWrite(making)).toBeLessThan(2_000);
      await expect(making).rejects.toThrow('lock timeout');
    });
    await ensurePartitions(database);
    expect(await textsOf(`select to_regclass('deliveries_${month}')::text as text`)).toEqual([
      `deliveries_${month}`,
    ]);
  });

  it('no payment waits for a month that is to be dropped, and what can be dropped without waiting is', async () => {
    await database.query(
      `select ensure_month_partitions('2020-03-01'), ensure_month_partitions('2020-04-01')`,
    );
    await database.query(
      `insert into untrusted_answers (merchant_id, payment_id, received_at, call, detail)
       values ('M1', 'pay_old', '2020-03-01', 'pay', 'bad signature')`,
    );
    const months = () =>
      textsOf(
        `select relname as text from pg_class where relname ~ '^(deliveries|payment_events)_20200[34]$' order by 1`,
      );
    await reading(async () => {
      const dropping = dropOutlived(database, retention);
      expect(await slowestWrite(dropping)).toBeLessThan(2_000);
      await expect(dropping).rejects.toThrow('lock timeout');
    });
    expect(await months()).toHaveLength(4);
    expect(await textsOf('select payment_id as text from untrusted_answers')).toEqual([]);
    await Promise.all([dropOutlived(database, retention), dropOutlived(database, retention)]);
    expect(await months()).toEqual([]);
  });

  it('a month of which something is replayed while it is to be dropped stays', async () => {
    await database.query(`select ensure_month_partitions('2020-03-01')`);
    await database.query(
      `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at)
       values ('M1', 'evt_1', 'payment.succeeded', 'payment', 'pay_1', 'pay_1', 'https://merchant.example/', 'exhausted',
         '2020-03-05')`,
    );
    const replayer = await database.connect();
    await replayer.query('begin');
    await replayer.query(
      `update deliveries set state = 'pending', due_at = clock_timestamp() where id = 'evt_1'`,
    );
    let isOver = false;
    const dropping = dropOutlived(database, retention)
      .catch(() => {})
      .then(() => {
        isOver = true;
      });
    // It waits for the replay, and no longer than for any reader.
    const waiting = `select from pg_locks where not granted and relation = 'deliveries'::regclass`;
    while (!isOver && (await database.query(waiting)).rowCount === 0);
    await replayer.query('commit');
    replayer.release();
    await dropping;
    expect(await textsOf('select id as text from deliveries')).toEqual(['evt_1']);
  });
});

describe('what has outlived its retention', () => {
  beforeEach(async () => {
    await database.query(
      'truncate deliveries, payment_events, idempotency_keys, untrusted_answers, request_nonces',
    );
  });
  const insertKeys = (prefix: string, count: number, ageDays: number) =>
    database.query(
      `insert into idempotency_keys (merchant_id, key, fingerprint, payment_id, created_at)
       select 'M1', $1::text || n, '', 'pay_' || n, clock_timestamp() - $3 * interval '1 day'
       from generate_series(1, $2) n`,
      [prefix, count, ageDays],
    );
  const keys = () => textsOf('select key as text from idempotency_keys order by key');

  it('idempotency keys are kept for as long as was asked, and never less than 30 days', async () => {
    await insertKeys('young', 1, 29.99);
    await insertKeys('month', 1, 31);
    await insertKeys('old', 1, 91);
    await dropOutlived(database, retention);
    expect(await keys()).toEqual(['month1', 'young1']);
    await dropOutlived(database, { ...retention, idempotencyKeyDays: 1 });
    expect(await keys()).toEqual(['young1']);
  });

  it('all old keys go in one round, however many there are', async () => {
    await insertKeys('old', 20_500, 91);
    await insertKeys('young', 2, 1);
    await dropOutlived(database, retention);
    expect(await keys()).toEqual(['young1', 'young2']);
  });

  it('nonces are kept for as long as a signature with one could be taken', async () => {
    const insert = (prefix: string, count: number, ageMinutes: number) =>
      database.query(
        `insert into request_nonces (key_hash, nonce, used_at)
         select decode(repeat('ab', 32), 'hex'), $1::text || n, clock_timestamp() - $3 * interval '1 minute'
         from generate_series(1, $2) n`,
        [prefix, count, ageMinutes],
      );
    await insert('old', 20_500, 61);
    await insert('young', 2, 59);
    await dropOutlived(database, retention);
    expect(await textsOf('select nonce as text from request_nonces order by nonce')).toEqual([
      'young1',
      'young2',
    ]);
  });

  it('stray notifications go after their days, counted from when they were settled; open ones stay', async () => {
    const insert = (id: string, clearedDaysAgo: number | null) =>
      database.query(
        `insert into stray_notifications (wallet, account, payment_request_id, says, sealed_bytes, created_at,
           cleared_at, cleared_note)
         values ('alipay_plus', 'main', $1, 'paid', '', clock_timestamp() - interval '400 days',
           clock_timestamp() - $2 * interval '1 day', case when $2::float8 is not null then 'refunded there' end)`,
        [id, clearedDaysAgo],
      );
    await insert('P-old', 90.1);
    await insert('P-young', 89.9);
    await insert('P-open', null);
    await dropOutlived(database, retention);
    expect(
      await textsOf(
        'select payment_request_id as text from stray_notifications order by payment_request_id collate "C"',
      ),
    ).toEqual(['P-open', 'P-young']);
  });

  it('untrusted answers go after their days', async () => {
    const insert = (id: string, ageDays: number) =>
      database.query(
        `insert into untrusted_answers (merchant_id, payment_id, received_at, call, detail)
         values ('M1', $1, clock_timestamp() - $2 * interval '1 day', 'pay', 'bad signature')`,
        [id, ageDays],
      );
    await insert('pay_old', 14.1);
    await insert('pay_young', 13.9);
    await dropOutlived(database, retention);
    expect(await textsOf('select payment_id as text from untrusted_answers')).toEqual(['pay_young']);
  });

  // proves RES-19
  it('answers of what was in trouble go after the same days', async () => {
    const insert = (id: string, ageDays: number) =>
      database.query(
        `insert into kept_answers (merchant_id, payment_id, received_at, call, answer, sealed_bytes)
         values ('M1', $1, clock_timestamp() - $2 * interval '1 day', 'cancel', 'unclear', '')`,
        [id, ageDays],
      );
    await insert('pay_old', 14.1);
    await insert('pay_young', 13.9);
    await dropOutlived(database, retention);
    expect(await textsOf('select payment_id as text from kept_answers')).toEqual(['pay_young']);
  });

  it('what was written before its month was made goes by its day, but for a delivery that may still be sent', async () => {
    const insert = (id: string, state: 'delivered' | 'pending' | 'held') =>
      database.query(
        `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at, due_at)
         values ('M1', $1, 'payment.succeeded', 'payment', 'pay_1', 'pay_1', 'https://merchant.example/', $2,
                 '2020-02-03', ${state === 'pending' ? 'clock_timestamp()' : 'null'})`,
        [id, state],
      );
    await insert('evt_1', 'delivered');
    await insert('evt_2', 'pending');
    await insert('evt_3', 'held');
    await database.query(
      `insert into payment_events (merchant_id, payment_id, version, ordinal, type, data, occurred_at)
       values ('M1', 'pay_1', 1, 1, 'PaymentSubmitted', '{}', '2020-02-03')`,
    );
    await dropOutlived(database, retention);
    expect(await textsOf('select id as text from deliveries order by id')).toEqual(['evt_2', 'evt_3']);
    expect(await textsOf('select type as text from payment_events')).toEqual([]);
  });

  it('months of events and deliveries go whole, but for one with a delivery that still waits or is held', async () => {
    const month = async (monthsAgo: number): Promise<{ readonly name: string; readonly day: string }> => {
      const [day = ''] = await textsOf(
        `select to_char(date_trunc('month', clock_timestamp() at time zone 'UTC') - ${monthsAgo} * interval '1 month'
                        + interval '14 days', 'YYYY-MM-DD') as text`,
      );
      await database.query('select ensure_month_partitions($1::date)', [day]);
      return { name: day.slice(0, 7).replace('-', ''), day };
    };
    const [recent, old, waiting, held] = [await month(1), await month(4), await month(5), await month(6)];
    const insertDelivery = (day: string, state: 'delivered' | 'pending' | 'held') =>
      database.query(
        `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at, due_at)
         values ('M1', $1, 'payment.succeeded', 'payment', 'pay_1', 'pay_1', 'https://merchant.example/', $2, $3,
                 ${state === 'pending' ? 'clock_timestamp()' : 'null'})`,
        [`evt_${day}_${state}`, state, `${day} 00:00:00+00`],
      );
    await insertDelivery(recent.day, 'delivered');
    await insertDelivery(old.day, 'delivered');
    await insertDelivery(waiting.day, 'pending');
    await insertDelivery(held.day, 'held');
    await dropOutlived(database, retention);
    const left = await textsOf(
      `select relname as text from pg_class where relname ~ '^(deliveries|payment_events)_[0-9]{6}$' order by 1`,
    );
    expect(left).toContain(`deliveries_${recent.name}`);
    expect(left).toContain(`payment_events_${recent.name}`);
    expect(left).not.toContain(`deliveries_${old.name}`);
    expect(left).not.toContain(`payment_events_${old.name}`);
    expect(left).toContain(`deliveries_${waiting.name}`);
    expect(left).toContain(`deliveries_${held.name}`);
    expect(await textsOf('select state as text from deliveries order by created_at')).toEqual([
      'held',
      'pending',
      'delivered',
    ]);
  });

  it('what is kept of a failing endpoint goes when it has nothing to be told; a disabled one stays', async () => {
    await database.query('truncate deliveries, endpoints');
    const fails = (url: string, days: number, disabled = false) =>
      database.query(
        `insert into endpoints (merchant_id, url, failing_since, failures, last_failure, disabled_at)
         values ('M1', $1, clock_timestamp() - $2 * interval '1 day', 3, 'it answered 500', case when $3 then clock_timestamp() end)`,
        [url, days, disabled],
      );
    await fails('https://merchant.example/once?order=1', 31);
    await fails('https://merchant.example/young', 29);
    await fails('https://merchant.example/disabled', 31, true);
    await fails('https://merchant.example/waiting', 31);
    await database.query(
      `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at, due_at)
       values ('M1', 'evt_1', 'payment.succeeded', 'payment', 'pay_1', 'pay_1', 'https://merchant.example/waiting', 'pending',
         clock_timestamp(), clock_timestamp())`,
    );
    await dropOutlived(database, retention);
    expect(await textsOf(`select split_part(url, '/', 4) as text from endpoints order by url`)).toEqual([
      'disabled',
      'waiting',
      'young',
    ]);
  });
});
