import { beforeEach, describe, expect, it } from 'vitest';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import {
  type ActionFilter,
  listOperatorActions,
  type OperatorAction,
  withOperatorAction,
} from './operator-actions.ts';

const { database } = await openedTestDatabase();
beforeEach(() => database.query('create table if not exists changes (what text); truncate changes'));

const operator = { by: 'Li Wei', means: 'cli' } as const;
const anything: ActionFilter = { merchantId: null, subjectId: null, by: null, since: null, beforeId: null };
const done: OperatorAction = {
  action: 'retry',
  merchantId: 'M1',
  subject: 'payment',
  subjectId: 'pay_1',
  note: null,
  before: null,
  after: null,
};

function act(action: Partial<OperatorAction>, by = 'Li Wei'): Promise<void> {
  return withOperatorAction(database, { ...operator, by }, async () => ({
    result: undefined,
    action: { ...done, ...action },
  }));
}

describe('an action', () => {
  it('is told with who, when on the database’s clock, of what, why, and what has changed', async () => {
    const { rows } = await database.query<{ readonly now: Date }>('select clock_timestamp() as now');
    const before = { status: 'processing', stores: [{ id: 'S1' }], refunded: '0' };
    const after = { status: 'cancelled', stores: [{ id: 'S1' }], refunded: '0', by: 'cancel' };
    await act({ subjectId: 'pay_whole', note: 'mail 4711', before, after });
    const [action] = await listOperatorActions(database, { ...anything, subjectId: 'pay_whole' }, 1);
    expect(action).toEqual({
      id: expect.any(BigInt),
      at: expect.any(Date),
      by: 'Li Wei',
      means: 'cli',
      action: 'retry',
      merchantId: 'M1',
      subject: 'payment',
      subjectId: 'pay_whole',
      note: 'mail 4711',
      before: { status: 'processing', by: null },
      after: { status: 'cancelled', by: 'cancel' },
    });
    const late = (action?.at.getTime() ?? 0) - (rows[0]?.now.getTime() ?? 0);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(10_000);
  });

  it('and its change are there together or not at all', async () => {
    const change = (by: string, fails: boolean) =>
      withOperatorAction(database, { ...operator, by }, async (connection) => {
        await connection.query(`insert into changes values ('made')`);
        if (fails) throw new Error('refused');
        return { result: 'done', action: { ...done, subjectId: 'pay_together' } };
      });
    await expect(change('Li Wei', true)).rejects.toThrow('refused');
    // A name that the table refuses: the row cannot be written.
    await expect(change('', false)).rejects.toThrow(/acted_by/);
    expect((await database.query('select from changes')).rowCount).toBe(0);
    const told = () => listOperatorActions(database, { ...anything, subjectId: 'pay_together' }, 9);
    expect(await told()).toEqual([]);
    expect(await change('Li Wei', false)).toBe('done');
    expect((await database.query('select from changes')).rowCount).toBe(1);
    expect(await told()).toHaveLength(1);
  });
});

describe('the log', () => {
  it.each([
    [`update operator_actions set acted_by = 'somebody else'`, 'UPDATE'],
    ['delete from operator_actions', 'DELETE'],
    ['truncate operator_actions', 'TRUNCATE'],
    [`update operator_actions set note = note where false`, 'UPDATE'],
  ])('takes nothing back: %s', async (statement, verb) => {
    await act({ subjectId: 'pay_kept' });
    const kept = await listOperatorActions(database, anything, 1_000);
    await expect(database.query(statement)).rejects.toThrow(
      `operator_actions is append-only: ${verb} is refused`,
    );
    expect(await listOperatorActions(database, anything, 1_000)).toEqual(kept);
  });

  it('is read newest first, by merchant, subject, person and time, a page at a time', async () => {
    await act({ merchantId: 'M7', subjectId: 'pay_a' });
    await act({ merchantId: 'M7', subjectId: 'pay_b' }, 'Wang Fang');
    await act({ merchantId: 'M8', subjectId: 'pay_c' }, 'Wang Fang');
    await act({ merchantId: null, subjectId: 'alipay_open/main' }, 'Wang Fang');
    const subjects = async (filter: Partial<ActionFilter>, limit = 100) =>
      (await listOperatorActions(database, { ...anything, ...filter }, limit)).map((one) => one.subjectId);
    expect(await subjects({ merchantId: 'M7' })).toEqual(['pay_b', 'pay_a']);
    expect(await subjects({ by: 'Wang Fang' })).toEqual(['alipay_open/main', 'pay_c', 'pay_b']);
    expect(await subjects({ by: 'Wang Fang', merchantId: 'M7' })).toEqual(['pay_b']);
    expect(await subjects({ subjectId: 'pay_c' })).toEqual(['pay_c']);
    const first = await listOperatorActions(database, anything, 2);
    expect(first.map(({ subjectId }) => subjectId)).toEqual(['alipay_open/main', 'pay_c']);
    expect(await subjects({ beforeId: first.at(-1)?.id ?? null }, 2)).toEqual(['pay_b', 'pay_a']);
    const now = first[0]?.at ?? new Date(0);
    expect(await subjects({ since: new Date(now.getTime() + 60_000) })).toEqual([]);
    expect((await subjects({ since: new Date(now.getTime() - 60_000) })).length).toBeGreaterThan(3);
  });
});
