import { describe, expect, it } from 'vitest';
import { resultCodes } from '../../../test/vectors/alipay-plus/vectors.ts';
import { type Call, endpoints } from './endpoints.ts';
import { readResult } from './result.ts';
import { callCodes, configurationCodes, judge, type Step } from './result-codes.ts';

const calls = Object.keys(endpoints) as Call[];

const words: Readonly<Record<Step, string>> = {
  ok: 'DONE',
  inquire: 'INQ',
  same: 'SAME',
  later: 'LATER',
  cancel: 'CANCEL',
  refund: 'REFUND',
  new_id: 'NEW',
  payer: 'PAYER',
  stop: 'STOP',
  by_hand: 'BY-HAND',
  register: 'REGISTER',
  wait: 'WAIT',
  configure: 'CFG',
  alert: 'ALERT',
};

function judged(call: Call, code: string, status: 'S' | 'F' | 'U') {
  const result = judge(call, { code, status, message: '' });
  return { status: result.status, actions: result.steps?.map((step) => words[step]) ?? null };
}

describe.each(calls)('the codes of %s', (call) => {
  it('are those that AMS documents, no more and no fewer', () => {
    expect(Object.keys(callCodes[call]).sort()).toEqual(Object.keys(resultCodes[call] ?? {}).sort());
  });

  it('have the documented status and action', () => {
    for (const [code, { status, actions }] of Object.entries({
      ...resultCodes['configuration'],
      ...resultCodes[call],
    })) {
      expect([code, judged(call, code, status as 'S')]).toEqual([code, { status, actions }]);
    }
  });

  it('leave the outcome open when they come with a status that is not theirs', () => {
    for (const [code, entry] of Object.entries({ ...configurationCodes, ...callCodes[call] })) {
      for (const status of ['S', 'F', 'U'] as const) {
        if (status === entry[0]) continue;
        expect([code, status, judged(call, code, status)]).toEqual([
          code,
          status,
          { status: 'U', actions: null },
        ]);
      }
    }
  });

  it('that nobody listed go by their status alone', () => {
    for (const code of ['', 'SOMETHING_NEW', 'success', 'toString', '__proto__', 'constructor']) {
      for (const status of ['S', 'F', 'U'] as const) {
        expect([code, judged(call, code, status)]).toEqual([code, { status, actions: null }]);
      }
    }
  });
});

it('the codes of every call are those that AMS documents', () => {
  expect(Object.keys(configurationCodes).sort()).toEqual(
    Object.keys(resultCodes['configuration'] ?? {}).sort(),
  );
  expect(Object.keys(resultCodes).sort()).toEqual(['configuration', ...calls].sort());
});

it('codes that were renamed are known by both names', () => {
  for (const [older, newer] of [
    ['INVALID_SIGNATURE', 'SIGNATURE_INVALID'],
    ['INVALID_API', 'API_INVALID'],
    ['INVALID_CLIENT', 'CLIENT_INVALID'],
  ] as const) {
    for (const call of calls) expect(judged(call, older, 'F')).toEqual(judged(call, newer, 'F'));
  }
});

it('any status but a success or a failure is unknown', () => {
  const of = (resultStatus: string | null, resultCode: string | null = 'X') =>
    readResult({ resultCode, resultStatus, resultMessage: null });
  expect(['S', 'F', 'U', 'A', 's', '', null].map((status) => of(status)?.status)).toEqual([
    'S',
    'F',
    'U',
    'U',
    'U',
    'U',
    'U',
  ]);
  expect(of(null, null)).toBeNull();
  expect(readResult(null)).toBeNull();
});
