import { describe, expect, test } from 'vitest';
import {
  type AcceptingMerchant,
  acceptPayment,
  maskedCode,
  neverSent,
  type PaymentRequest,
  paymentPolicy,
  paySafetyNetMs,
  submittedEvent,
} from './accept-payment.ts';
import { merchantShortNoOf } from './ids.ts';
import { publicStatus } from './payment.ts';
import { paymentDefects } from './payment-audit.fixture.ts';
import { examplePolicy, noon, secondsAfter } from './payments.fixture.ts';
import { type RefusalCode, refusals } from './refusals.ts';

const paymentCode = '281234567890123456';

const goodRequest: PaymentRequest = {
  merchantOrderNo: 'ORDER-1',
  amount: { currency: 'CNY', minor: 8_888n },
  start: { product: 'payment_code', paymentCode },
  storeId: 'S0001',
  terminalId: 'T0001',
  subject: 'tea',
  wallet: null,
  expiresAt: null,
  notifyUrl: null,
  metadata: { shift: 'early' },
};

const binding = {
  wallet: 'alipay_open',
  account: 'sandbox',
  subMerchantId: '2088000000000002',
  currency: 'CNY',
} as const;

const goodMerchant: AcceptingMerchant = {
  id: 'M0001',
  shortNo: 42,
  mcc: '5499',
  stores: [{ id: 'S0001' }, { id: 'S0002' }],
  bindings: [binding],
  orderCodes: null,
  policyOverrides: {},
  notifyUrl: 'https://merchant.example/notify',
};

interface Attempt {
  readonly request: PaymentRequest;
  readonly merchant: AcceptingMerchant;
}

const good: Attempt = { request: goodRequest, merchant: goodMerchant };

function accept({ request, merchant }: Attempt, policySpeed = 1) {
  return acceptPayment(request, merchant, policySpeed, noon, new Uint8Array(15).fill(7));
}

function accepted(attempt: Attempt, policySpeed = 1) {
  const acceptance = accept(attempt, policySpeed);
  if (acceptance.kind === 'refused') throw new Error(acceptance.refusal.detail);
  return acceptance;
}

function withRequest(attempt: Attempt, fields: Partial<PaymentRequest>): Attempt {
  return { ...attempt, request: { ...attempt.request, ...fields } };
}

function withCode(attempt: Attempt, code: string): Attempt {
  return withRequest(attempt, { start: { product: 'payment_code', paymentCode: code } });
}

function withBindings(
  attempt: Attempt,
  change: (bindings: AcceptingMerchant['bindings']) => AcceptingMerchant['bindings'],
): Attempt {
  return { ...attempt, merchant: { ...attempt.merchant, bindings: change(attempt.merchant.bindings) } };
}

/** Each refusal with what brings it about, in order of precedence. */
const spoilers: readonly (readonly [
  code: RefusalCode,
  field: string,
  spoil: (attempt: Attempt) => Attempt,
])[] = [
  [
    'amount_not_positive',
    'amount.value',
    (a) => withRequest(a, { amount: { ...a.request.amount, minor: 0n } }),
  ],
  [
    'unknown_currency',
    'amount.currency',
    (a) => withRequest(a, { amount: { ...a.request.amount, currency: 'CNX' } }),
  ],
  ['unknown_store', 'store_id', (a) => withRequest(a, { storeId: 'S9999' })],
  ['payment_code_unknown', 'payment_code', (a) => withCode(a, '991234567890123456')],
  ['wallet_not_available', 'payment_code', (a) => withBindings(a, () => [])],
  [
    'currency_not_accepted',
    'amount.currency',
    (a) => withBindings(a, (all) => all.map((one) => ({ ...one, currency: 'USD' }))),
  ],
  [
    'wallet_ambiguous',
    'wallet',
    (a) => withBindings(a, (all) => all.flatMap((one) => [one, { ...one, account: 'second' }])),
  ],
  [
    'amount_too_large',
    'amount.value',
    (a) => withRequest(a, { amount: { ...a.request.amount, minor: 10_000_000_001n } }),
  ],
  [
    'sub_merchant_missing',
    'wallet',
    (a) => withBindings(a, (all) => all.map((one) => ({ ...one, subMerchantId: null }))),
  ],
  ['expiry_out_of_range', 'expires_at', (a) => withRequest(a, { expiresAt: secondsAfter(59) })],
];

describe('what is refused', () => {
  // proves PAY-09, PAY-20
  test.each(spoilers)('%s names the field, the value and the next step', (code, field, spoil) => {
    const acceptance = accept(spoil(good));
    expect(acceptance).toMatchObject({ kind: 'refused', refusal: { code, field } });
    const detail = acceptance.kind === 'refused' ? acceptance.refusal.detail : '';
    expect(detail).toMatch(/: .*\b(send|scan|ask|split|must|leave)\b|must lie/);
    expect(detail).not.toContain(paymentCode);
  });

  const pairs = spoilers.flatMap(([first, , spoilFirst], index) =>
    spoilers.slice(index + 1).map(([second, , spoilSecond]) => ({ first, second, spoilFirst, spoilSecond })),
  );

  test.each(pairs)('$first is answered before $second', ({ first, spoilFirst, spoilSecond }) => {
    expect(accept(spoilFirst(spoilSecond(good)))).toMatchObject({
      kind: 'refused',
      refusal: { code: first },
    });
  });

  test('currency_not_accepted also where a binding names a currency that its wallet does not take', () => {
    const inDollars = withBindings(good, (all) => all.map((one) => ({ ...one, currency: 'USD' })));
    const amount = { currency: 'USD', minor: 8_888n };
    expect(accept(withRequest(inDollars, { amount }))).toMatchObject({
      refusal: { code: 'currency_not_accepted' },
    });
  });

  test('the order of precedence is the order of the catalogue', () => {
    const inOrder = spoilers.map(([code]) => code);
    expect(Object.keys(refusals).filter((code) => (inOrder as string[]).includes(code))).toEqual(inOrder);
  });

  test('a wallet that the merchant does not take is named when the merchant named it', () => {
    const attempt = withBindings(withRequest(good, { wallet: 'alipay_open' }), () => []);
    expect(accept(attempt)).toMatchObject({
      refusal: { code: 'wallet_not_available', field: 'wallet', value: 'alipay_open' },
    });
  });
});

// proves PAY-03, PAY-16
describe('an order code', () => {
  const permitted: AcceptingMerchant = {
    ...goodMerchant,
    orderCodes: { scene: 'self-checkout screen', expiryMs: 90_000 },
  };
  const wanted = { ...goodRequest, start: { product: 'order_code' } } as const;

  test('is refused as long as nobody has enabled it for the merchant', () => {
    expect(accept({ request: wanted, merchant: goodMerchant })).toMatchObject({
      kind: 'refused',
      refusal: { code: 'order_codes_off', field: 'product', value: 'order_code' },
    });
  });

  test('lives as long as the merchant’s scene needs, unless the request says otherwise', () => {
    const { payment } = accepted({ request: wanted, merchant: permitted });
    expect(payment).toMatchObject({
      product: 'order_code',
      wallet: 'alipay_open',
      payerAction: null,
      expiresAt: secondsAfter(90),
    });
    const named = accepted({ request: { ...wanted, expiresAt: secondsAfter(300) }, merchant: permitted });
    expect(named.payment.expiresAt).toEqual(secondsAfter(300));
    expect(
      accept({ request: { ...wanted, expiresAt: secondsAfter(7_201) }, merchant: permitted }),
    ).toMatchObject({
      refusal: { code: 'expiry_out_of_range', detail: expect.stringContaining('120 minutes') },
    });
  });

  test('has a life of its own: the scene’s is not that of the merchant’s other payments', () => {
    expect(accepted({ request: goodRequest, merchant: permitted }).payment.expiresAt).toEqual(
      accepted(good).payment.expiresAt,
    );
  });

  test('of a scene that outlasts what its wallet takes lives as long as that wallet takes', () => {
    const plus = { ...binding, wallet: 'alipay_plus', currency: 'USD', subMerchantId: 'M0001' } as const;
    const orderCodes = { scene: 'online checkout', expiryMs: 7_200_000 };
    const merchant = { ...permitted, orderCodes, bindings: [binding, plus] };
    const dollars = { ...wanted, amount: { currency: 'USD', minor: 599n } };
    expect(accepted({ request: wanted, merchant }).payment.expiresAt).toEqual(secondsAfter(7_200));
    expect(accepted({ request: dollars, merchant }).payment.expiresAt).toEqual(secondsAfter(1_800));
    const named = { ...dollars, expiresAt: secondsAfter(1_801) };
    expect(accept({ request: named, merchant })).toMatchObject({
      refusal: { code: 'expiry_out_of_range', detail: expect.stringContaining('30 minutes') },
    });
  });

  test('of a scene that is shorter than a policy allows lives as long as the policy wants', () => {
    const policyOverrides = { alipay_open: { order_code: { expiryMinMs: 100_000 } } };
    const merchant = { ...permitted, policyOverrides };
    expect(accepted({ request: wanted, merchant }).payment.expiresAt).toEqual(secondsAfter(100));
  });

  test('goes to the wallet that takes its currency, and is ambiguous where two do', () => {
    const both = [
      binding,
      { ...binding, wallet: 'alipay_plus', currency: 'USD', subMerchantId: 'M0001' },
    ] as const;
    const dollars = { ...wanted, amount: { currency: 'USD', minor: 599n } };
    const merchant = { ...permitted, bindings: both };
    expect(accepted({ request: dollars, merchant }).payment.wallet).toBe('alipay_plus');
    const yuan = { ...merchant, bindings: [binding, { ...both[1], currency: 'CNY' }] };
    expect(accept({ request: wanted, merchant: yuan })).toMatchObject({
      refusal: { code: 'wallet_ambiguous', field: 'wallet' },
    });
    expect(accepted({ request: { ...wanted, wallet: 'alipay_plus' }, merchant: yuan }).payment.wallet).toBe(
      'alipay_plus',
    );
  });
});

describe('Alipay+', () => {
  const plus = { ...binding, wallet: 'alipay_plus', currency: 'USD', subMerchantId: 'M0001' } as const;
  const merchant: AcceptingMerchant = { ...goodMerchant, bindings: [plus] };
  const request: PaymentRequest = { ...goodRequest, amount: { currency: 'USD', minor: 599n } };

  // proves PAY-05
  test('shares its codes’ first digits with the Open Platform, and the currency tells the two apart', () => {
    const both = { ...merchant, bindings: [binding, plus] };
    expect(accepted({ request, merchant: both }).payment.wallet).toBe('alipay_plus');
    expect(accepted({ request: goodRequest, merchant: both }).payment.wallet).toBe('alipay_open');
  });

  // proves PAY-09
  test('takes nothing from a merchant without a category', () => {
    expect(accept({ request, merchant: { ...merchant, mcc: null } })).toMatchObject({
      refusal: { code: 'merchant_category_missing', field: 'wallet' },
    });
  });

  test('takes rupiah in whole ones', () => {
    const rupiah = { ...merchant, bindings: [{ ...plus, currency: 'IDR' }] };
    const asked = (minor: bigint) =>
      accept({ request: { ...request, amount: { currency: 'IDR', minor } }, merchant: rupiah });
    expect(asked(150_000n).kind).toBe('accepted');
    expect(asked(150_050n)).toMatchObject({ refusal: { code: 'amount_not_payable', value: '150050' } });
  });

  test('alone offers entry codes, whose payer is waited for from the start', () => {
    const start = {
      product: 'entry_code',
      userAgent: 'AlipayClient/10',
      returnUrl: 'https://pay.example/r',
    } as const;
    const { payment, policy } = accepted({ request: { ...request, start, terminalId: 'S0001' }, merchant });
    expect(payment).toMatchObject({ product: 'entry_code', terminalId: 'S0001' });
    expect(payment.payerActiveUntil).toEqual(
      secondsAfter((policy.payAnswerMs + policy.payerActiveMs) / 1000),
    );
    expect(accept({ request: { ...goodRequest, start }, merchant: goodMerchant })).toMatchObject({
      refusal: { code: 'product_not_offered', field: 'product', value: 'entry_code' },
    });
  });
});

describe('what is accepted', () => {
  test('a named wallet needs no known prefix', () => {
    const attempt = withCode(withRequest(good, { wallet: 'alipay_open' }), '991234567890123456');
    expect(accepted(attempt).payment.wallet).toBe('alipay_open');
  });

  // proves PAY-05
  test.each(['25', '26', '27', '28', '29', '30'])(
    'a payment code of any length that begins with %s',
    (prefix) => {
      for (const length of [2, 16, 24, 25, 64]) {
        expect(accept(withCode(good, prefix.padEnd(length, '1'))).kind).toBe('accepted');
      }
    },
  );

  // proves PAY-06, RES-02
  test('begins as submitted, the inquiry that guards the call due after the wait for its answer', () => {
    const { payment, policy } = accepted(good);
    expect(payment).toMatchObject({
      merchantId: 'M0001',
      merchantOrderNo: 'ORDER-1',
      wallet: 'alipay_open',
      account: 'sandbox',
      amount: { currency: 'CNY', minor: 8_888n },
      subMerchantId: '2088000000000002',
      notifyUrl: 'https://merchant.example/notify',
      metadata: { shift: 'early' },
      state: 'submitted',
      reversal: null,
      knownToWallet: false,
      paidEvidence: false,
      refundReserved: 0n,
      refunded: 0n,
      openRefunds: 0,
      tries: 0,
      version: 1,
    });
    expect(payment.nextStep).toEqual({
      action: 'inquire',
      dueAt: new Date(noon.getTime() + policy.payAnswerMs + paySafetyNetMs),
    });
    expect(paymentDefects(payment)).toEqual([]);
    expect(merchantShortNoOf(payment.id)).toBe(42);
    expect(payment.id).not.toContain('ORDER');
    expect(publicStatus(payment)).toBe('processing');
  });

  test("the payment's own notify_url comes before the merchant's", () => {
    const notifyUrl = 'https://merchant.example/this-one';
    expect(accepted(withRequest(good, { notifyUrl })).payment.notifyUrl).toBe(notifyUrl);
  });

  test('the wallet that takes the currency is chosen among several bindings', () => {
    const attempt = withBindings(good, (all) => [
      { ...binding, account: 'dollars', currency: 'USD' },
      ...all,
    ]);
    expect(accepted(attempt).payment.account).toBe('sandbox');
  });

  test('the largest amount and not a fen more', () => {
    const largest = { currency: 'CNY', minor: examplePolicy.amountMaxMinor };
    expect(accept(withRequest(good, { amount: largest })).kind).toBe('accepted');
  });
});

describe('the expiry', () => {
  // proves PAY-08, PAY-20
  test('is always set: five minutes when the merchant names none', () => {
    expect(accepted(good).payment.expiresAt).toEqual(secondsAfter(300));
  });

  test("is the merchant's where it names one", () => {
    const expiresAt = secondsAfter(90);
    expect(accepted(withRequest(good, { expiresAt })).payment.expiresAt).toEqual(expiresAt);
  });

  test.each([
    [59.999, 'refused'],
    [60, 'accepted'],
    [15 * 86_400, 'accepted'],
    [15 * 86_400 + 0.001, 'refused'],
    [-60, 'refused'],
  ])('%d seconds from now: %s', (seconds, kind) => {
    expect(accept(withRequest(good, { expiresAt: secondsAfter(seconds) })).kind).toBe(kind);
  });
});

describe('the policy of a payment', () => {
  test('is the default with the overrides of the merchant', () => {
    const policyOverrides = {
      alipay_open: { payment_code: { inquiryCount: 3, expiryDefaultMs: 120_000 } },
      alipay_plus: { payment_code: { inquiryCount: 4 } },
    };
    const merchant = { ...goodMerchant, policyOverrides };
    const { policy, payment } = accepted({ ...good, merchant });
    expect(policy).toEqual({ ...examplePolicy, inquiryCount: 3, expiryDefaultMs: 120_000 });
    expect(payment.expiresAt).toEqual(secondsAfter(120));
  });

  test('is hastened in trials, but what the wallet is told is not', () => {
    const { policy, payment } = accepted(good, 10);
    expect(policy.payAnswerMs).toBe(1_500);
    expect(payment.expiresAt).toEqual(secondsAfter(300));
    expect(paymentPolicy('alipay_open', 'payment_code', {}, 1)).toEqual(examplePolicy);
  });
});

// proves CAN-02
test('a payment whose order was cancelled before it came is cancelled and has nothing ahead', () => {
  const payment = neverSent(accepted(good).payment);
  expect(payment).toMatchObject({
    state: 'cancelled',
    cancelledBy: 'cancel',
    reversal: null,
    nextStep: null,
    failure: { code: 'order_closed' },
  });
  expect(payment.failure?.advice).toMatch(/new merchant_order_no/);
  expect(paymentDefects(payment)).toEqual([]);
});

test('the first event says what was sent, in major units and without the payment code', () => {
  const event = submittedEvent(accepted(good).payment);
  expect(event).toEqual({
    type: 'PaymentSubmitted',
    data: {
      wallet: 'alipay_open',
      amount: '88.88',
      currency: 'CNY',
      store_id: 'S0001',
      terminal_id: 'T0001',
    },
  });
});

test('a payment code is shown by its first two digits and its length alone', () => {
  expect(maskedCode(paymentCode)).toBe('28… (18 characters)');
  expect(maskedCode('')).toBe('… (0 characters)');
});
