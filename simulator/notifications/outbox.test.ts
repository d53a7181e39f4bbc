import { rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultRecords, faultRecords, type NotificationFault, readFaultRule } from '../faults.ts';
import type { JsonObject } from '../json.ts';
import { type Journal, openJournal } from '../storage.ts';
import { eventually, temporaryFolder } from '../test-wallet.ts';
import {
  laterTriesMs,
  type NotificationDraft,
  type NotificationOutbox,
  type NotifyingWalletWays,
  notificationOutbox,
} from './outbox.ts';
import { failure, type Receiver, startReceiver } from './receiver.fixture.ts';

const minuteMs = 60_000;
const startMs = Date.parse('2026-01-15T02:20:30Z');

/** A wallet that signs with its name, so that the tests see whose key it was. */
const ways: NotifyingWalletWays = {
  print: ({ facts }, atMs, path, strangersKey) => ({
    headers: { 'content-type': 'application/json', 'x-path': path },
    body: JSON.stringify({ ...facts, atMs, signedBy: strangersKey === null ? 'wallet' : 'stranger' }),
  }),
  withOtherAmount: ({ amount, ...facts }) =>
    typeof amount === 'number' ? { ...facts, amount: amount + 1 } : null,
  acknowledges: (status, body) => status === 200 && body === 'success',
  scheduleMs: [4 * minuteMs, ...laterTriesMs],
};

let folder: string;
let journal: Journal;
let faults: FaultRecords;
let outbox: NotificationOutbox;
let receiver: Receiver;
let clock: { nowMs: number };
let speed: number;
let limitMs: number;
let beforeAnswerMs: number;

function open(): void {
  journal = openJournal(folder);
  faults = faultRecords(journal.db);
  outbox = notificationOutbox({
    journal,
    faults,
    ways: { alipay_open: ways, alipay_plus: ways },
    speedFor: () => speed,
    now: () => clock.nowMs,
    limitMs,
    beforeAnswerMs,
  });
}

function end(): void {
  outbox.stop();
  journal.close();
}

beforeEach(async () => {
  folder = temporaryFolder();
  clock = { nowMs: startMs };
  speed = 1;
  limitMs = 5000;
  beforeAnswerMs = 5000;
  open();
  receiver = await startReceiver();
});
afterEach(async () => {
  end();
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

const draft = (changes: Partial<NotificationDraft> = {}): NotificationDraft => ({
  wallet: 'alipay_open',
  appId: 'APP',
  requestId: 'T1',
  url: receiver.url,
  facts: { amount: 1000 },
  ...changes,
});
const enqueue = (changes?: Partial<NotificationDraft>): Promise<void> =>
  journal.submit(() => outbox.enqueue(draft(changes), clock.nowMs));
const fault = (rule: JsonObject): Promise<void> =>
  journal.submit(() => faults.put(readFaultRule({ api: 'notification', ...rule })));
const bodies = (): readonly JsonObject[] => receiver.received.map(({ body }) => JSON.parse(body));
const first = (): JsonObject => outbox.list(null)[0] ?? {};
/** Waits until the first notification's last try has ended. */
const ended = (tries: number): Promise<JsonObject> =>
  eventually(async () => first()['tries'] === tries && first()['last_outcome'] !== null && first());
const at = (atMs: number): string => new Date(atMs).toISOString();

describe('a notification', () => {
  it('leaves at once after the commit of what it tells, with its path and query, and ends when acknowledged', async () => {
    await enqueue();
    expect(await receiver.has(1)).toMatchObject([
      { path: '/notify?of=shop', headers: { 'x-path': '/notify?of=shop' } },
    ]);
    expect(bodies()).toEqual([{ amount: 1000, atMs: startMs, signedBy: 'wallet' }]);
    expect(await ended(1)).toEqual({
      id: 1,
      wallet: 'alipay_open',
      app_id: 'APP',
      payment_request_id: 'T1',
      url: receiver.url,
      facts: { amount: 1000 },
      created_at: at(startMs),
      tries: 1,
      last_try_at: at(startMs),
      last_fault: null,
      last_outcome: 'acknowledged, status 200',
      acknowledged_at: at(startMs),
      next_try_at: null,
    });
  });

  it('of a transaction that was rolled back is never sent', async () => {
    const failed = journal.submit(() => {
      outbox.enqueue(draft(), clock.nowMs);
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    await enqueue({ requestId: 'T2' });
    await receiver.has(1);
    await ended(1);
    expect(outbox.list(null)).toMatchObject([{ payment_request_id: 'T2' }]);
    expect(receiver.received).toHaveLength(1);
  });

  // proves NOT-03
  it('that nobody acknowledges is repeated on its own schedule, and then no more', async () => {
    receiver.answer = failure;
    await enqueue();
    const waitsMs = [];
    for (let tries = 1; tries <= 8; tries += 1) {
      const { next_try_at: next } = await ended(tries);
      if (next === null) break;
      waitsMs.push(Date.parse(String(next)) - clock.nowMs);
      clock.nowMs = Date.parse(String(next)) - 10_000;
      outbox.resume();
      await wait(5);
      expect(receiver.received).toHaveLength(tries);
      clock.nowMs += 10_000;
      outbox.resume();
    }
    expect(waitsMs.map((waitMs) => waitMs / minuteMs)).toEqual([4, 10, 10, 60, 120, 360, 900]);
    expect(receiver.received).toHaveLength(8);
    expect(first()).toMatchObject({
      tries: 8,
      last_outcome: 'not acknowledged, status 200',
      acknowledged_at: null,
      next_try_at: null,
    });
    // Each try was printed anew.
    expect(new Set(bodies().map((body) => body['atMs'])).size).toBe(8);
  });

  it('goes through its whole schedule in a moment at a high speed', async () => {
    speed = 1_000_000;
    receiver.answer = failure;
    await enqueue();
    expect(await ended(8)).toMatchObject({ next_try_at: null });
    expect(receiver.received).toHaveLength(8);
  });

  it('stops at the first acknowledgement', async () => {
    speed = 1_000_000;
    receiver.answer = (response) => response.end(receiver.received.length === 3 ? 'success' : 'fail');
    await enqueue();
    expect(await ended(3)).toMatchObject({ next_try_at: null, acknowledged_at: expect.any(String) });
  });

  it.each<[string, (target: Receiver) => void, string]>([
    [
      'a redirect',
      (target) => {
        target.answer = (response) => response.writeHead(302, { location: target.url }).end('success');
      },
      'not acknowledged, status 302',
    ],
    [
      'silence',
      (target) => {
        target.answer = () => undefined;
      },
      'no answer within 30 ms',
    ],
    [
      'an answer without an end',
      (target) => {
        target.answer = (response) => response.write('succ');
      },
      'no answer within 30 ms',
    ],
    [
      'an endless answer',
      (target) => {
        target.answer = (response) => response.end('success'.repeat(10_000));
      },
      'an answer of more than 16384 bytes',
    ],
    [
      'a broken connection',
      (target) => {
        target.answer = (response) => response.destroy();
      },
      'ECONNRESET',
    ],
  ])('is not acknowledged by %s', async (_, prepare, outcome) => {
    end();
    limitMs = outcome.includes('30 ms') ? 30 : 5000;
    open();
    prepare(receiver);
    await enqueue();
    expect(await ended(1)).toMatchObject({
      last_outcome: outcome,
      acknowledged_at: null,
      next_try_at: at(startMs + 4 * minuteMs),
    });
    expect(receiver.received).toHaveLength(1);
  });

  it.each([
    ['http://127.0.0.1:1/', 'ECONNREFUSED'],
    ['ftp://127.0.0.1/', 'the URL is none of http or https'],
    ['nonsense', 'the URL is none of http or https'],
  ])('for %s is kept and tried again', async (url, outcome) => {
    await enqueue({ url });
    expect(await ended(1)).toMatchObject({ last_outcome: outcome, next_try_at: expect.any(String) });
  });

  it('outlives its process, before its first try and between two', async () => {
    receiver.answer = failure;
    await enqueue();
    await ended(1);
    outbox.stop();
    await enqueue({ requestId: 'T2' });
    end();

    receiver.answer = (response) => response.end('success');
    clock.nowMs += 4 * minuteMs;
    open();
    outbox.resume();
    await receiver.has(3);
    await eventually(async () => outbox.list(null).every((one) => one['acknowledged_at'] !== null));
    expect(outbox.list(null)).toMatchObject([
      { payment_request_id: 'T1', tries: 2 },
      { payment_request_id: 'T2', tries: 1 },
    ]);
  });

  it('whose process ends in the middle of a try goes on with the schedule', async () => {
    receiver.answer = () => undefined;
    await enqueue();
    await receiver.has(1);
    end();
    open();
    outbox.resume();
    await wait(5);
    expect(first()).toMatchObject({
      tries: 1,
      last_outcome: null,
      next_try_at: at(startMs + 4 * minuteMs),
    });
    expect(receiver.received).toHaveLength(1);
  });

  it('keeps no other one waiting, up to 64 at once', async () => {
    const held: (() => void)[] = [];
    receiver.answer = (response) => held.push(() => response.end('success'));
    await journal.submit(() => {
      for (let made = 0; made < 200; made += 1) outbox.enqueue(draft(), clock.nowMs);
    });
    await receiver.has(64);
    await wait(20);
    expect(receiver.received).toHaveLength(64);
    receiver.answer = (response) => response.end('success');
    for (const release of held) release();
    await receiver.has(200);
    await eventually(async () => outbox.list('T1').every((one) => one['acknowledged_at'] !== null));
    expect(receiver.received).toHaveLength(200);
  });
});

describe('a notification that is sent again by hand', () => {
  it('leaves the schedule as it was while nobody acknowledges', async () => {
    receiver.answer = failure;
    await enqueue();
    await ended(1);
    expect(await outbox.resend(1)).toMatchObject({
      tries: 2,
      last_outcome: 'not acknowledged, status 200',
      next_try_at: at(startMs + 4 * minuteMs),
    });
    receiver.answer = (response) => response.end('success');
    expect(await outbox.resend(1)).toMatchObject({ tries: 3, next_try_at: null });
    expect(receiver.received).toHaveLength(3);
  });

  it('goes out although it was acknowledged, and begins no new schedule', async () => {
    await enqueue();
    await ended(1);
    receiver.answer = failure;
    expect(await outbox.resend(1)).toMatchObject({
      tries: 2,
      acknowledged_at: at(startMs),
      next_try_at: null,
    });
  });

  it('has to be there', async () => {
    expect(await outbox.resend(7)).toBeNull();
  });
});

describe('a payment that is answered after its notification', () => {
  it('waits for the acknowledgement', async () => {
    let acknowledged = false;
    receiver.answer = (response) => {
      setTimeout(() => {
        acknowledged = true;
        response.end('success');
      }, 30);
    };
    await enqueue();
    await outbox.sendNow('T1');
    expect(acknowledged).toBe(true);
    expect(receiver.received).toHaveLength(1);
  });

  it('waits for the try that has already left', async () => {
    const held: (() => void)[] = [];
    receiver.answer = (response) => held.push(() => response.end('success'));
    await enqueue();
    await receiver.has(1);
    let waited = false;
    const sent = outbox.sendNow('T1').then(() => {
      waited = true;
    });
    await wait(10);
    expect(waited).toBe(false);
    for (const release of held) release();
    await sent;
    expect(receiver.received).toHaveLength(1);
  });

  it('waits no longer than it has to, and the try goes on', async () => {
    end();
    beforeAnswerMs = 20;
    open();
    const held: (() => void)[] = [];
    receiver.answer = (response) => held.push(() => response.end('success'));
    await enqueue();
    await outbox.sendNow('T1');
    expect(first()).toMatchObject({ last_outcome: null });
    await receiver.has(1);
    for (const release of held) release();
    expect(await ended(1)).toMatchObject({ last_outcome: 'acknowledged, status 200' });
  });
});

describe('a notification under a fault', () => {
  it('late_notification: the first try leaves delay_ms later, and the rule is used up by one notification', async () => {
    await fault({ fault: 'late_notification', count: 1, delay_ms: 30_000 });
    await enqueue();
    expect(first()).toMatchObject({ next_try_at: at(startMs + 30_000) });
    await enqueue({ requestId: 'T2' });
    await receiver.has(1);
    expect(outbox.list('T1')).toMatchObject([{ tries: 0 }]);
    clock.nowMs += 30_000;
    outbox.resume();
    expect(await ended(1)).toMatchObject({ last_outcome: 'acknowledged, status 200' });
  });

  it('lost_notification: the try never leaves, and the next one follows on the schedule', async () => {
    await fault({ fault: 'lost_notification', count: 1 });
    await enqueue();
    expect(await ended(1)).toMatchObject({
      last_fault: 'lost_notification',
      last_outcome: 'lost',
      next_try_at: at(startMs + 4 * minuteMs),
    });
    expect(receiver.received).toHaveLength(0);
    clock.nowMs += 4 * minuteMs;
    outbox.resume();
    expect(await ended(2)).toMatchObject({ last_fault: null, last_outcome: 'acknowledged, status 200' });
  });

  it('duplicate_notification: three leave at once, and none later', async () => {
    await fault({ fault: 'duplicate_notification', count: 1 });
    await enqueue();
    await receiver.has(3);
    expect(await ended(1)).toMatchObject({ next_try_at: null });
    expect(bodies()[2]).toEqual(bodies()[0]);
    expect(receiver.received).toHaveLength(3);
  });

  it.each<[NotificationFault, JsonObject]>([
    ['wrong_amount_notification', { amount: 1001, signedBy: 'wallet' }],
    ['forged_notification', { amount: 1000, signedBy: 'stranger' }],
  ])('%s: the true one follows, although the false one was acknowledged', async (name, body) => {
    await fault({ fault: name, count: 1 });
    await enqueue();
    expect(await ended(1)).toMatchObject({
      last_fault: name,
      acknowledged_at: null,
      next_try_at: at(startMs + 4 * minuteMs),
    });
    clock.nowMs += 4 * minuteMs;
    outbox.resume();
    expect(await ended(2)).toMatchObject({ acknowledged_at: at(clock.nowMs), next_try_at: null });
    expect(bodies()).toMatchObject([body, { amount: 1000, signedBy: 'wallet' }]);
  });

  it('wrong_amount_notification leaves alone what names no amount', async () => {
    await fault({ fault: 'wrong_amount_notification', count: 1 });
    await enqueue({ facts: { result: 'F' } });
    expect(await ended(1)).toMatchObject({ last_fault: null, next_try_at: null });
    expect(faults.all()).toMatchObject([{ remaining: 1 }]);
  });

  it('of another wallet is left alone', async () => {
    await fault({ fault: 'lost_notification', count: 1, wallet: 'alipay_plus' });
    await enqueue();
    await ended(1);
    await enqueue({ wallet: 'alipay_plus', requestId: 'T2' });
    await eventually(async () => outbox.list('T2')[0]?.['last_outcome'] === 'lost');
    expect(receiver.received).toHaveLength(1);
  });

  it('a count is a count of tries', async () => {
    speed = 1_000_000;
    await fault({ fault: 'lost_notification', count: 3 });
    await enqueue();
    expect(await ended(4)).toMatchObject({ last_outcome: 'acknowledged, status 200' });
    expect(receiver.received).toHaveLength(1);
  });
});
