import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PolicyOverrides } from '../../domain/policy.ts';
import { createSealing } from '../sealing.ts';
import { saveMerchant } from './merchant-records.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import { changePolicyOverrides, findPolicyOverrides } from './policy-overrides.ts';

const { database } = await openedTestDatabase();
const merchantId = 'M1';
const checkViolation = '23514';

beforeAll(async () => {
  await saveMerchant(database, createSealing(randomBytes(32)), {
    id: merchantId,
    name: 'Tea House',
    mcc: null,
    notifyUrl: null,
    orderCodes: null,
    stores: [],
    bindings: [],
  });
});

describe("a merchant's overrides", () => {
  it('come back as they were put there, amounts beyond a double included', async () => {
    const overrides: PolicyOverrides = {
      alipay_open: {
        payment_code: {
          payAnswerMs: 25_000,
          cancelsFailed: true,
          cancelRetry: { fastTries: 8 },
          amountMaxMinor: 9_007_199_254_740_993n,
        },
      },
      alipay_plus: { entry_code: { idleInquiryIntervalMs: 30_000 } },
    };
    expect(await changePolicyOverrides(database, merchantId, () => overrides)).toEqual(overrides);
    expect(await findPolicyOverrides(database, merchantId)).toEqual(overrides);
  });

  it('that are changed twice at once are both there', async () => {
    await changePolicyOverrides(database, merchantId, () => ({}));
    const withWait = (product: 'payment_code' | 'entry_code' | 'order_code') =>
      changePolicyOverrides(database, merchantId, ({ alipay_plus: before }) => ({
        alipay_plus: { ...before, [product]: { payAnswerMs: 25_000 } },
      }));
    await Promise.all([withWait('payment_code'), withWait('entry_code'), withWait('order_code')]);
    const { alipay_plus: after = {} } = (await findPolicyOverrides(database, merchantId)) ?? {};
    expect(Object.keys(after).toSorted()).toEqual(['entry_code', 'order_code', 'payment_code']);
  });

  it('stay as they are when the change is refused', async () => {
    const overrides: PolicyOverrides = { alipay_open: { order_code: { callLimitMs: 4_000 } } };
    await changePolicyOverrides(database, merchantId, () => overrides);
    const refused = changePolicyOverrides(database, merchantId, () => {
      throw new Error('refused');
    });
    await expect(refused).rejects.toThrow('refused');
    expect(await findPolicyOverrides(database, merchantId)).toEqual(overrides);
  });

  it('belong to a merchant that somebody registered', async () => {
    expect(await findPolicyOverrides(database, 'nobody')).toBeNull();
    expect(await changePolicyOverrides(database, 'nobody', () => ({}))).toBeNull();
  });
});

describe('the table', () => {
  it.each([
    '{"alipay_open": {"payment_code": {}}}',
    '{"alipay_open": {"payment_code": {"payAnswerMs": 25000, "cancelsFailed": false}}}',
    '{"alipay_open": {"payment_code": {"amountMaxMinor": "10000000000", "givesUpAt": "close_time"}}}',
    '{"alipay_plus": {"entry_code": {"cancelRetry": {"fastTries": 8}}}}',
  ])('takes %s', async (overrides) => {
    const sql = 'update merchants set policy_overrides = $1 where id = $2';
    expect((await database.query(sql, [overrides, merchantId])).rowCount).toBe(1);
  });

  it.each([
    '[]',
    '"alipay_open"',
    '{"payAnswerMs": 25000}',
    '{"payment_code": {"payAnswerMs": 25000}}',
    '{"alipay_open": {"payment_code": []}}',
    '{"alipay_open": {"payment_code": {"payAnswerMs": 0.5}}}',
    '{"alipay_open": {"payment_code": {"payAnswerMs": -1}}}',
    '{"alipay_open": {"payment_code": {"payAnswerMs": "15 s"}}}',
    '{"alipay_open": {"payment_code": {"payAnswerMs": null}}}',
    '{"alipay_open": {"payment_code": {"amountMaxMinor": "12.50"}}}',
    '{"alipay_open": {"payment_code": {"cancelRetry": {"fastTries": "6"}}}}',
    '{"alipay_open": {"payment_code": {"cancelRetry": {"fastTries": 6.5}}}}',
    '{"alipay_open": {"payment_code": {"cancelRetry": [6]}}}',
  ])('refuses %s, which no gateway could work by', async (overrides) => {
    const sql = 'update merchants set policy_overrides = $1 where id = $2';
    const refused = database.query(sql, [overrides, merchantId]);
    await expect(refused).rejects.toMatchObject({
      code: checkViolation,
      constraint: expect.stringMatching(/^merchants_policy_overrides_/),
    });
  });
});
