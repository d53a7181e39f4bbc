import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { awaitingPayer, effectedCancelled, issuedUrl } from './inputs.fixture.ts';
import { publicStatus } from './payment.ts';
import { examplePayment, noon } from './payments.fixture.ts';
import { type PolicyOverride, policyFor, productsOf } from './policy.ts';
import { complaintText, type PolicyCheck, policyComplaints, timeToFinal } from './policy-complaints.ts';
import { figureNamed, figureOfText, policyFigures, withFigure } from './policy-figures.ts';
import { rangeOf } from './policy-ranges.ts';
import { type ProductName, type WalletName, walletNames } from './wallets.ts';

const earnest: PolicyCheck = { integration: 'rest', purpose: 'earnest', sceneExpiryMs: null };
const trial: PolicyCheck = { integration: 'rest', purpose: 'trial', sceneExpiryMs: null };

const products = walletNames.flatMap((wallet) =>
  productsOf(wallet).map((product) => [wallet, product] as const),
);

/** `pay_answer=25s inquiry_count=12` */
function override(text: string): PolicyOverride {
  return text.split(' ').reduce<PolicyOverride>((before, assignment) => {
    const [name = '', value = ''] = assignment.split('=');
    const figure = figureNamed(name);
    if (figure === null) throw new Error(`no figure ${name}`);
    return withFigure(before, figure, figureOfText(figure, value));
  }, {});
}

function complaints(wallet: WalletName, product: ProductName, text: string, check = earnest): string[] {
  return policyComplaints(wallet, product, override(text), check).map(complaintText);
}

test.each(products)('the defaults of %s %s are allowed', (wallet, product) => {
  expect(policyComplaints(wallet, product, {}, earnest)).toEqual([]);
});

// proves RES-02, RES-03, RES-06, RES-12, RES-16, RES-20, PAY-08
describe.each([
  ['alipay_open', 'payment_code', 'pay_answer', ['5s', '25s', '60s'], ['4999ms', '61s', '0s']],
  ['alipay_open', 'payment_code', 'call_limit', ['1s', '3s', '10s'], ['999ms', '11s']],
  ['alipay_open', 'payment_code', 'inquiry_interval', ['3s', '5s', '6s', '10s'], ['2s', '11s']],
  ['alipay_open', 'payment_code', 'inquiry_count', ['10', '12', '20'], ['0', '9', '21']],
  ['alipay_plus', 'payment_code', 'inquiry_interval', ['3s', '5s'], ['2s', '6s']],
  ['alipay_plus', 'payment_code', 'inquiry_count', ['10', '20'], ['9', '21']],
  ['alipay_plus', 'entry_code', 'inquiry_count', [], ['10']],
  ['alipay_plus', 'entry_code', 'inquiry_interval', ['2s', '10s'], ['1s', '11s']],
  ['alipay_plus', 'entry_code', 'idle_inquiry_interval', ['10s', '5m'], ['9s', '6m']],
  ['alipay_plus', 'entry_code', 'payer_active', ['10s', '5m'], ['9s', '6m']],
  ['alipay_plus', 'payment_code', 'payer_active', [], ['30s']],
  ['alipay_open', 'payment_code', 'gives_up_at', [], ['close_time', 'inquiries_used_up']],
  ['alipay_open', 'order_code', 'gives_up_at', [], ['inquiries_used_up']],
  ['alipay_plus', 'payment_code', 'cancels_failed', ['yes', 'no'], []],
  ['alipay_open', 'payment_code', 'cancel_retry_first', ['5s', '10s'], ['4s', '11s']],
  ['alipay_open', 'payment_code', 'cancel_retry_max', ['1m', '30m'], ['59s', '31m']],
  ['alipay_open', 'payment_code', 'refund_retry_next', ['9s', '10s'], ['4s', '11s']],
  ['alipay_open', 'payment_code', 'refund_spacing', ['3s', '1m'], ['2s', '2m']],
  ['alipay_plus', 'payment_code', 'refund_spacing', ['0s', '1m'], ['2m']],
  ['alipay_open', 'payment_code', 'refund_inquiry_delay', ['10s', '5m'], ['9s']],
  ['alipay_plus', 'payment_code', 'refund_inquiry_delay', ['15s'], ['14s']],
  ['alipay_open', 'payment_code', 'expiry_grace', ['5m', '24h'], ['4m', '25h']],
  ['alipay_open', 'order_code', 'code_life', ['2h', '24h'], ['119m', '25h']],
  ['alipay_open', 'payment_code', 'code_life', [], ['2h']],
  ['alipay_open', 'payment_code', 'final_look', ['24h', '7d'], ['23h', '8d']],
  ['alipay_open', 'payment_code', 'expiry_max', ['5m', '15d'], ['59s', '16d']],
  ['alipay_plus', 'entry_code', 'expiry_default', ['1m', '30m'], ['59s', '31m']],
  ['alipay_plus', 'order_code', 'expiry_default', [], ['2m']],
  ['alipay_plus', 'order_code', 'expiry_max', ['1m', '30m'], ['59s', '31m']],
  ['alipay_open', 'payment_code', 'amount_max', ['1', '10000000000'], ['0', '10000000001']],
] as const)('%s %s %s', (wallet, product, name, allowed, refused) => {
  test.each(allowed)('may be %s', (value) => {
    expect(complaints(wallet, product, `${name}=${value}`)).toEqual([]);
  });

  test.each(refused)('may not be %s, and the complaint says what may be', (value) => {
    const found = policyComplaints(wallet, product, override(`${name}=${value}`), earnest);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ figure: name, value });
    expect(found[0]?.nextStep).not.toBe('');
  });
});

test('a complaint is one line that names the figure, its value, what is allowed, the rule and the next step', () => {
  expect(complaints('alipay_open', 'payment_code', 'inquiry_count=30 code_life=2h')).toEqual([
    'inquiry_count 30 is not allowed, only 10 to 20 (RES-03): set it within',
    'code_life 2h is not allowed, since the sent expiry bounds how long such a code lives (RES-20): leave it out',
  ]);
});

describe('names and kinds that no policy has', () => {
  test.each<[string, object]>([
    ['payAnswer', { payAnswer: 15_000 }],
    ['cancelRetry.tries', { cancelRetry: { tries: 6 } }],
    ['cancelRetry', { cancelRetry: 6 }],
    ['payAnswerMs', { payAnswerMs: {} }],
    ['merchantTimeout', { merchantTimeout: 90_000, payAnswerMs: 15_000 }],
  ])('%s is refused', (figure, wrong) => {
    const found = policyComplaints('alipay_open', 'payment_code', wrong as PolicyOverride, earnest);
    expect(found).toEqual([
      expect.objectContaining({ figure, nextStep: expect.stringContaining('pay_answer') }),
    ]);
  });

  test.each<[string, object]>([
    ['pay_answer', { payAnswerMs: Number.NaN }],
    ['pay_answer', { payAnswerMs: 15_000.5 }],
    ['pay_answer', { payAnswerMs: '15000' }],
    ['pay_answer', { payAnswerMs: null }],
    ['cancels_failed', { cancelsFailed: 1 }],
    ['amount_max', { amountMaxMinor: 1_000 }],
    ['cancel_retry_fast_tries', { cancelRetry: { fastTries: Number.POSITIVE_INFINITY } }],
  ])('a value of another kind is refused for %s', (figure, wrong) => {
    const found = policyComplaints('alipay_open', 'payment_code', wrong as PolicyOverride, earnest);
    expect(found).toEqual([expect.objectContaining({ figure })]);
  });
});

describe('figures that do not go together', () => {
  test.each([
    ['alipay_open', 'payment_code', 'expiry_default=1m', 'inquiry_count'],
    ['alipay_open', 'payment_code', 'expiry_max=4m', 'expiry_default'],
    ['alipay_open', 'payment_code', 'expiry_min=6m', 'expiry_min'],
    ['alipay_open', 'order_code', 'expiry_min=6m expiry_max=5m', 'expiry_min'],
    ['alipay_open', 'payment_code', 'cancel_retry_next=5s', 'cancel_retry_fast_tries'],
    ['alipay_plus', 'entry_code', 'refund_retry_next=8s', 'refund_retry_fast_tries'],
    ['alipay_plus', 'entry_code', 'watch_retry_max=30s watch_retry_next=1m', 'watch_retry_next'],
  ] as const)('%s %s: %s', (wallet, product, text, figure) => {
    const found = policyComplaints(wallet, product, override(text), earnest);
    expect(found).toEqual([expect.objectContaining({ figure })]);
  });

  test('are allowed once the other is set too', () => {
    expect(complaints('alipay_open', 'payment_code', 'expiry_max=4m expiry_default=3m')).toEqual([]);
    expect(
      complaints('alipay_open', 'payment_code', 'cancel_retry_next=5s cancel_retry_fast_tries=10'),
    ).toEqual([]);
    expect(complaints('alipay_open', 'payment_code', 'watch_retry_max=10m watch_retry_next=1m')).toEqual([]);
  });
});

// proves ACQ-03
describe("a REST merchant's agreed timeout", () => {
  test('is longer than a payment takes to its end in the usual case', () => {
    expect(timeToFinal(policyFor('alipay_open', 'payment_code'), 'payment_code', null).ms).toBe(78_000);
    expect(complaints('alipay_open', 'payment_code', 'merchant_timeout=79s')).toEqual([]);
    expect(complaints('alipay_open', 'payment_code', 'merchant_timeout=78s')).toEqual([
      'merchant_timeout 78s is not allowed, since a payment is final after up to 78s (pay_answer 15s + ' +
        'inquiry_count 12 × inquiry_interval 5s + call_limit 3s) and the merchant has to wait for longer (ACQ-03): ' +
        'agree on more than 78s with the merchant, or shorten ours',
    ]);
  });

  test('is compared with our figures as they are set', () => {
    const shorter = 'merchant_timeout=60s inquiry_count=10 inquiry_interval=3s pay_answer=15s';
    expect(complaints('alipay_open', 'payment_code', shorter)).toEqual([]);
    expect(complaints('alipay_open', 'payment_code', `${shorter} call_limit=10s`)).toEqual([]);
    expect(complaints('alipay_open', 'payment_code', `${shorter} pay_answer=27s`)).toHaveLength(1);
  });

  test('outlasts the close time where a code waits for its payer', () => {
    expect(timeToFinal(policyFor('alipay_plus', 'entry_code'), 'entry_code', null).ms).toBe(606_000);
    expect(complaints('alipay_plus', 'entry_code', 'merchant_timeout=606s')).toHaveLength(1);
    expect(complaints('alipay_plus', 'entry_code', 'merchant_timeout=607s')).toEqual([]);
    expect(complaints('alipay_plus', 'order_code', 'merchant_timeout=3m')).toEqual([]);
  });

  test("outlasts the order codes of the merchant's scene, within what the policy takes", () => {
    const timeout = 'merchant_timeout=10m';
    const check = (sceneExpiryMs: number): PolicyCheck => ({ ...earnest, sceneExpiryMs });
    expect(complaints('alipay_plus', 'order_code', timeout, check(593_000))).toEqual([]);
    expect(complaints('alipay_plus', 'order_code', timeout, check(594_000))[0]).toContain(
      'life of an order code 594s + 2 × call_limit 3s',
    );
    expect(complaints('alipay_plus', 'order_code', `${timeout} expiry_max=5m`, check(7_200_000))).toEqual([]);
  });
});

// proves ACQ-03
test.each(products)(
  'a payment by %s %s is final within what the timeout is compared with',
  (wallet, product) => {
    const policy = policyFor(wallet, product);
    const expiresAt = new Date(noon.getTime() + policy.expiryDefaultMs);
    const issued = policy.givesUpAt === 'close_time';
    let payment = examplePayment({ wallet, product, expiresAt });
    let now = new Date(noon.getTime() + (issued ? 0 : policy.payAnswerMs));
    const hear = (input: PaymentInput): void => {
      ({ payment } = decidePayment(payment, input, policy, now));
    };
    hear({
      kind: 'pay_answered',
      answer: issued ? issuedUrl : { kind: 'no_answer', reason: 'timeout', detail: 'nothing came' },
    });
    while (payment.nextStep?.action === 'inquire') {
      now = payment.nextStep.dueAt;
      hear({ kind: 'inquiry_answered', answer: awaitingPayer });
    }
    expect(payment.nextStep?.action).toBe('cancel');
    now = new Date((payment.nextStep?.dueAt ?? now).getTime() + policy.callLimitMs);
    hear({ kind: 'cancel_answered', answer: effectedCancelled });
    expect(publicStatus(payment)).toBe('cancelled');
    expect(now.getTime() - noon.getTime()).toBeLessThanOrEqual(timeToFinal(policy, product, null).ms);
  },
);

test('a forwarding merchant gives up sooner than the gateway', () => {
  const check: PolicyCheck = { integration: 'forwarding', purpose: 'earnest', sceneExpiryMs: null };
  const ofTimeout = (value: string) =>
    policyComplaints('alipay_open', 'payment_code', override(`merchant_timeout=${value}`), check);
  expect(ofTimeout('77s')).toEqual([]);
  expect(ofTimeout('78s')).toEqual([expect.objectContaining({ figure: 'merchant_timeout' })]);
  expect(ofTimeout('90s')[0]?.allowed).toContain('ACQ-02');
});

describe('in a trial', () => {
  const short =
    'pay_answer=1s inquiry_interval=100ms inquiry_count=2 cancel_retry_first=50ms cancel_retry_next=100ms';

  test('waits and counts may be as short as one likes', () => {
    expect(complaints('alipay_open', 'payment_code', short, trial)).toEqual([]);
    expect(complaints('alipay_open', 'payment_code', short)).not.toEqual([]);
  });

  test.each([
    ['pay_answer=61s', 'pay_answer'],
    ['pay_answer=0s', 'pay_answer'],
    ['inquiry_count=0', 'inquiry_count'],
    ['payer_active=1s', 'payer_active'],
    ['merchant_timeout=50s', 'merchant_timeout'],
    ['expiry_max=1s', 'expiry_default'],
  ])('%s stays refused', (text, figure) => {
    const found = policyComplaints('alipay_open', 'payment_code', override(text), trial);
    expect(found).toEqual([expect.objectContaining({ figure })]);
  });
});

test('no figure of any product can be set to nothing, to less than its range or to more', () => {
  for (const [wallet, product] of products) {
    for (const figure of policyFigures) {
      const range = rangeOf(wallet, product, figure);
      if (range.kind !== 'between') continue;
      const one = figure.unit === 'minor_units' ? 1n : 1;
      for (const value of [
        (range.min as number) - (one as number),
        (range.max as number) + (one as number),
      ]) {
        const found = policyComplaints(wallet, product, withFigure({}, figure, value), earnest);
        expect(found.map((complaint) => complaint.figure)).toEqual([figure.name]);
      }
    }
  }
});
