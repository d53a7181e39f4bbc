import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createChanges } from '../../adapters/changes.ts';
import { createHandClock, settled } from './gateway.fixture.ts';
import { type Awaited, createWaits } from './until-final.ts';

interface Row {
  readonly id: string;
  readonly final: boolean;
  readonly version: number;
}

class Connection extends EventEmitter {
  destroyed = false;
}

function waiting(fields: Partial<Awaited<Row>> = {}) {
  const clock = createHandClock();
  const changes = createChanges();
  const failures: unknown[] = [];
  const reads: number[] = [];
  const connection = new Connection();
  const state = { row: { id: 'pay_1', final: false, version: 1 } as Row };
  const waits = createWaits({ clock, changes: { publish: changes.publish, next: hand } }, (error) =>
    failures.push(error),
  );
  function hand(id: string, ms: number): Promise<boolean> {
    const change = changes.next(id, 100_000);
    void clock.sleep(ms).then(() => changes.publish(id, null));
    return change;
  }
  const ended = waits.untilFinal<Row>({
    row: state.row,
    work: null,
    read: async () => {
      reads.push(clock.monotonicMs());
      return state.row;
    },
    isFinal: (row) => row.final,
    deadlineMs: 2_000,
    connection,
    ...fields,
  });
  const result: { row: Row | null } = { row: null };
  void ended.then((row) => {
    result.row = row;
  });
  return { clock, changes, waits, failures, reads, connection, state, result };
}

const final: Row = { id: 'pay_1', final: true, version: 2 };

describe('waiting for a final state', () => {
  test('looks again at least every half second and stops at the deadline', async () => {
    const wait = waiting();
    await wait.clock.advance(1_999);
    expect(wait.reads).toEqual([500, 1_000, 1_500]);
    expect(wait.result.row).toBeNull();
    await wait.clock.advance(1);
    expect(wait.result.row?.version).toBe(1);
  });

  test('looks at once when a change is published', async () => {
    const wait = waiting();
    await settled();
    wait.state.row = final;
    wait.changes.publish('pay_1', null);
    await settled();
    expect(wait.result.row).toBe(final);
    expect(wait.reads).toEqual([0]);
  });

  test('takes the row from its own work without reading it', async () => {
    let finish = (_row: Row): void => {};
    const work = new Promise<Row>((resolve) => {
      finish = resolve;
    });
    const wait = waiting({ work });
    await settled();
    wait.changes.publish('pay_1', null);
    finish(final);
    await settled();
    expect(wait.result.row).toBe(final);
    expect(wait.reads).toEqual([]);
  });

  test('goes on after its own work has failed or left it open', async () => {
    const failed = waiting({ work: Promise.reject(new Error('database gone')) });
    const open = waiting({ work: Promise.resolve({ id: 'pay_1', final: false, version: 5 }) });
    await settled();
    for (const wait of [failed, open]) {
      expect(wait.result.row).toBeNull();
      wait.state.row = final;
      await wait.clock.advance(500);
      expect(wait.result.row).toBe(final);
    }
  });

  test('survives reads that fail, and is not held up by one that hangs', async () => {
    const failing = waiting({ read: () => Promise.reject(new Error('database gone')) });
    await failing.clock.advance(2_000);
    expect(failing.result.row?.version).toBe(1);
    expect(failing.failures.length).toBe(3);

    const hanging = waiting({ read: () => new Promise(() => {}) });
    await hanging.clock.advance(2_000);
    expect(hanging.result.row?.version).toBe(1);
  });

  test('stops when the caller has gone', async () => {
    const wait = waiting();
    await settled();
    wait.connection.emit('close');
    await settled();
    expect(wait.result.row?.version).toBe(1);
    expect(wait.connection.listenerCount('close')).toBe(0);
    await wait.clock.advance(500);
    expect(wait.clock.sleeping()).toBe(0);
  });

  test('does not begin for a caller who has gone, nor in a closing gateway', async () => {
    const connection = new Connection();
    connection.destroyed = true;
    const gone = waiting({ connection });
    await settled();
    expect(gone.result.row?.version).toBe(1);

    const closing = waiting();
    closing.waits.endAll();
    await settled();
    expect(closing.result.row?.version).toBe(1);
    const later = await closing.waits.untilFinal({
      row: { id: 'pay_2', final: false },
      work: null,
      read: async () => null,
      isFinal: (row) => row.final,
      deadlineMs: 10_000,
      connection: new Connection(),
    });
    expect(later.id).toBe('pay_2');
  });
});
