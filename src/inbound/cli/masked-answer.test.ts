import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskedAnswer } from './masked-answer.ts';

const shown = (text: string): string => maskedAnswer(Buffer.from(text));

const secrets = [
  '2088102146225135',
  '张三',
  '159****5620',
  'payer@example.com',
  '28763443825664394',
  'kX9+sig==',
];

// proves RES-19
describe('an answer as people read it', () => {
  it.each([
    [
      'the Open Platform',
      '{"alipay_trade_query_response":{"code":"40004","msg":"Business Failed","sub_code":"ACQ.SYSTEM_ERROR",' +
        '"sub_msg":"系统异常 28763443825664394","out_trade_no":"P0001","trade_no":"2026011522001496660500000001",' +
        '"buyer_user_id":"2088102146225135","buyer_logon_id":"159****5620","buyer_user_name":"张三",' +
        '"fund_bill_list":[{"fund_channel":"PCREDIT","amount":"1.00"}],"auth_code":28763443825664394},"sign":"kX9+sig=="}',
      '{"alipay_trade_query_response":{"code":"40004","msg":"Business Failed","sub_code":"ACQ.SYSTEM_ERROR",' +
        '"sub_msg":"系统异常 …","out_trade_no":"P0001","trade_no":"2026011522001496660500000001",' +
        '"buyer_user_id":"…","buyer_logon_id":"…","buyer_user_name":"…",' +
        '"fund_bill_list":[{"fund_channel":"…","amount":"…"}],"auth_code":"…"},"sign":"…"}',
    ],
    [
      'Alipay+',
      '{"result":{"resultCode":"UNKNOWN_EXCEPTION","resultStatus":"U","resultMessage":"call payer@example.com"},' +
        '"paymentRequestId":"P0001","paymentAmount":{"currency":"USD","value":"599"},' +
        '"payer":{"customerId":"2088102146225135","name":["张三"]}}',
      '{"result":{"resultCode":"UNKNOWN_EXCEPTION","resultStatus":"U","resultMessage":"call …"},' +
        '"paymentRequestId":"P0001","paymentAmount":{"currency":"USD","value":"599"},' +
        '"payer":{"customerId":"…","name":["…"]}}',
    ],
  ])(
    'of %s names payments, results and amounts, and nobody’s code, id or name',
    (_wallet, answer, expected) => {
      expect(shown(answer)).toBe(expected);
      for (const secret of secrets) expect(shown(answer)).not.toContain(secret);
    },
  );

  it('that was cut off shows what it can, and no more of the payer', () => {
    const whole =
      '{"r":{"code":"20000","buyer_user_id":"2088102146225135","buyer_user_name":"张三","buyer_logon_id":"159****5620"';
    for (let length = 1; length < whole.length; length += 1) {
      const told = shown(whole.slice(0, length));
      for (const secret of ['20881', '张', '159*']) expect(told, `${length}`).not.toContain(secret);
    }
    expect(shown(whole)).toContain('"code":"20000"');
  });

  it('that is a proxy’s page is shown by its beginning', () => {
    const page = `<html><h1>502 Bad Gateway</h1> request 28763443825664394 ${'x'.repeat(10_000)}`;
    expect(shown(page)).toContain('<html><h1>502 Bad Gateway</h1> request … x');
    expect(shown(page)).toHaveLength(500);
  });

  it('never shows the value of a member that nobody has named', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.stringMatching(/^[A-Z]{12}$/), (beside, secret) => {
        const answer = {
          outer: { beside, unheard_of: secret, list: [secret, { deep: secret }] },
          [secret]: 1,
        };
        expect(shown(JSON.stringify(answer)).replace(`"${secret}":`, '')).not.toContain(secret);
      }),
    );
  });

  it.each([['null'], ['"28763443825664394"'], ['28763443825664394'], ['["a"]'], ['']])(
    '%s is no harm',
    (text) => {
      expect(shown(text)).toMatch(/^(null|"…"|\["…"\]|)$/);
    },
  );
});
