import { describe, expect, it } from 'vitest';
import { resultCodes } from '../../../test/vectors/alipay-open/vectors.ts';
import { type Call, methods } from './calls.ts';
import {
  businessCodes,
  businessName,
  isRepeatRefusal,
  publicCodes,
  type Step,
  stepsFor,
} from './result-codes.ts';

const calls = Object.keys(methods) as Call[];

const words: Readonly<Record<Step, string>> = {
  ok: 'OK',
  query: 'QUERY',
  retry: 'RETRY',
  retry_later: 'RETRY-LATER',
  cancel: 'CANCEL',
  refund: 'REFUND',
  verify: 'VERIFY',
  final: 'FINAL',
  final_buyer: 'FINAL-BUYER',
  final_new_number: 'FINAL-NEWNO',
  alert: 'ALERT',
};

function actions(call: Call, code: string, subCode: string | null): string[] | null {
  return stepsFor(call, code, subCode)?.map((step) => words[step]) ?? null;
}

describe.each(calls)('the codes of %s', (call) => {
  it('are those that the platform documents, no more and no fewer', () => {
    const documented = new Set(Object.keys(resultCodes.businessCodes[call] ?? {}).map(businessName));
    expect(new Set(Object.keys(businessCodes[call]))).toEqual(documented);
  });

  it('have the documented action, in every spelling of the prefix', () => {
    for (const [subCode, expected] of Object.entries(resultCodes.businessCodes[call] ?? {})) {
      const name = businessName(subCode);
      for (const spelling of [
        subCode,
        name,
        `ACQ.${name}`,
        `AQC.${name}`,
        `aop.ACQ.${name}`,
        name.toLowerCase(),
      ]) {
        expect([spelling, actions(call, '40004', spelling)]).toEqual([spelling, expected]);
      }
    }
  });

  it('of the gateway have the documented action', () => {
    for (const [code, { subCodes, actions: expected }] of Object.entries(resultCodes.publicCodes)) {
      for (const subCode of [null, ...subCodes]) {
        expect([code, subCode, actions(call, code, subCode)]).toEqual([
          code,
          subCode,
          expected[call] ?? null,
        ]);
      }
    }
  });

  it('that nobody listed say nothing', () => {
    for (const subCode of [
      null,
      '',
      'ACQ.',
      'ACQ.SOMETHING_NEW',
      'SYSTEM_ERROR_2',
      'toString',
      '__proto__',
      '*',
    ]) {
      expect([subCode, actions(call, '40004', subCode)]).toEqual([subCode, null]);
    }
    for (const code of ['', '0', '10001', '40000', '50000', 'toString', '__proto__', '4000']) {
      expect([code, actions(call, code, null)]).toEqual([code, null]);
    }
  });
});

it('the gateway codes are those that the platform documents', () => {
  expect(Object.keys(publicCodes)).toEqual(Object.keys(resultCodes.publicCodes));
  for (const [code, { subCodes }] of Object.entries(publicCodes)) {
    expect([code, [...subCodes]]).toEqual([code, resultCodes.publicCodes[code]?.subCodes]);
  }
});

it('a family of codes is matched by its beginning', () => {
  expect(actions('pay', '40004', 'ACQ.AGREEMENT_NOT_EXIST')).toEqual(['ALERT']);
  expect(actions('pay', '40004', 'ACQ.CYCLE_PAY_DATE_NOT_MATCH')).toEqual(['ALERT']);
  expect(actions('query', '40004', 'ACQ.AGREEMENT_NOT_EXIST')).toBeNull();
});

it('a business code under a gateway code decides, and an unknown one leaves the outcome open', () => {
  expect(actions('pay', '40002', 'ACQ.SYSTEM_ERROR')).toEqual(['QUERY', 'CANCEL']);
  expect(actions('pay', '40002', 'ACQ.SOMETHING_NEW')).toBeNull();
  expect(actions('pay', '40002', 'isp.unknow-error')).toBeNull();
  expect(actions('pay', '40002', 'isv.invalid-something-new')).toEqual(['FINAL', 'ALERT']);
});

// proves RES-08
it('a platform that is out of service says nothing for certain, whatever detail it gives', () => {
  for (const call of calls) {
    const expected = call === 'pay' || call === 'create' ? ['QUERY'] : ['RETRY'];
    for (const detail of [null, 'ACQ.SYSTEM_ERROR', 'isv.new-one', ...Object.keys(businessCodes[call])]) {
      expect([detail, actions(call, '20000', detail)]).toEqual([detail, expected]);
    }
  }
});

// proves RES-18
it('a refusal that speaks of a repeat is known as one', () => {
  for (const name of ['TRADE_HAS_SUCCESS', 'TRADE_HAS_CLOSE', 'CONTEXT_INCONSISTENT', 'OUT_TRADE_NO_USED']) {
    expect([`ACQ.${name}`, name].map(isRepeatRefusal)).toEqual([true, true]);
  }
  expect([null, 'ACQ.PAYMENT_AUTH_CODE_INVALID'].map(isRepeatRefusal)).toEqual([false, false]);
});
