import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printHead, readHead } from './headers.ts';

const head = {
  clientId: 'C1',
  time: '1685599933871',
  signature: 'algorithm=RSA256,keyVersion=1,signature=x',
};
const printed = {
  'content-type': 'application/json; charset=UTF-8',
  'client-id': 'C1',
  'request-time': '1685599933871',
  signature: head.signature,
};

it('a head is printed in lower case, with an agent token only where there is one', () => {
  expect(printHead(head, 'request-time')).toEqual(printed);
  expect(printHead({ ...head, agentToken: '' }, 'request-time')).toEqual(printed);
  expect(printHead({ ...head, agentToken: 'T1' }, 'response-time')).toEqual({
    'content-type': 'application/json; charset=UTF-8',
    'client-id': 'C1',
    'response-time': '1685599933871',
    signature: head.signature,
    'agent-token': 'T1',
  });
});

describe('a head is read', () => {
  it.each([
    ['whole', {}, {}],
    ['around spaces', { 'client-id': ' C1 ', signature: `${head.signature} ` }, {}],
    ['whatever else there is', { encrypt: 'x', tracerid: '1', 'key-version': '2' }, {}],
    ['without a client', { 'client-id': undefined }, { clientId: null }],
    ['without a signature', { signature: undefined }, { signature: null }],
    ['with an empty signature', { signature: '' }, { signature: null }],
    ['with an agent token', { 'agent-token': 'T1' }, { agentToken: 'T1' }],
    ['with an empty agent token', { 'agent-token': '' }, {}],
  ])('%s', (_, change, expected) => {
    expect(readHead({ ...printed, ...change }, 'request-time')).toEqual({
      kind: 'head',
      ...head,
      agentToken: null,
      ...expected,
    });
  });

  it('with a time of any form, unchanged', () => {
    for (const time of [
      '1685599933871',
      '2019-05-28T12:12:12+08:00',
      '2019-07-12T12:08:56.253+05:30',
      '2026-01-02T03:04:05+0000',
      '2026-01-02T03:04:05.1234567Z',
      '2020-01-01 12:01:01 +08:30',
    ]) {
      expect(readHead({ ...printed, 'request-time': time }, 'request-time')).toMatchObject({ time });
    }
  });

  it.each([
    ['without its time', { 'request-time': undefined }, 'no request-time'],
    ['with an answer’s time alone', { 'request-time': '', 'response-time': '1' }, 'no request-time'],
    ['with a header twice', { 'client-id': ['C1', 'C2'] }, 'a header occurs twice'],
    ['with the beginning of a body in its time', { 'request-time': '1.{"a":"b' }, 'request-time is no time'],
    ['with a time without end', { 'request-time': '1'.repeat(65) }, 'request-time is no time'],
  ])('as nothing %s', (_, change, reason) => {
    expect(readHead({ ...printed, ...change }, 'request-time')).toEqual({ kind: 'unreadable', reason });
  });
});

it('every head that is printed is read back', () => {
  const token = fc.stringMatching(/^[\x21-\x7e]{1,60}$/);
  fc.assert(
    fc.property(
      fc.record({
        clientId: token,
        time: fc.stringMatching(/^[0-9T:+.-]{1,40}$/),
        signature: token,
        agentToken: token,
      }),
      fc.constantFrom('request-time' as const, 'response-time' as const),
      (values, timeHeader) => {
        expect(readHead(printHead(values, timeHeader), timeHeader)).toEqual({ kind: 'head', ...values });
      },
    ),
  );
});
