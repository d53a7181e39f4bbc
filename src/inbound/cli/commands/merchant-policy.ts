import type { CommandSpec } from '../command-spec.ts';
import { by, json } from './common-options.ts';

const policyMerchant = { value: 'ID', about: 'The merchant.', required: true } as const;

const trial = {
  value: null,
  about: 'Take waits and counts below what the rules allow, for trials. Refused in production.',
} as const;

/** What a merchant has instead of the policies’ figures. */
export const merchantPolicyCommands = {
  'merchant policy show': {
    about: "Show what a merchant's policies have instead of the defaults.",
    effect: 'reads',
    arguments: {},
    options: { merchant: policyMerchant, json },
    notes: ['`shoudan inspect policy --merchant` shows everything that holds for it.'],
  },
  'merchant policy set': {
    about: "Set figures of a merchant's policy for one product of one wallet.",
    effect: 'audited',
    arguments: {},
    options: {
      merchant: policyMerchant,
      wallet: { value: 'WALLET', about: 'The wallet: alipay_open or alipay_plus.', required: true },
      product: {
        value: 'PRODUCT',
        about: 'The product: payment_code, entry_code or order_code.',
        required: true,
      },
      set: {
        value: 'NAME=VALUE',
        about: 'A figure, as in pay_answer=25s or inquiry_count=10.',
        required: true,
        repeats: true,
      },
      trial,
      by,
      json,
    },
    notes: [
      'What is not set stays as it is. Nothing is set when anything stands against it.',
      'Gateways that run notice it within 5 seconds, for payments that have begun too.',
    ],
  },
  'merchant policy clear': {
    about: "Take figures of a merchant's policies back to the defaults.",
    effect: 'audited',
    arguments: {},
    options: {
      merchant: policyMerchant,
      wallet: { value: 'WALLET', about: 'Those of this wallet alone.' },
      product: { value: 'PRODUCT', about: 'Those of this product alone.' },
      figure: { value: 'NAME', about: 'This figure alone, as in pay_answer.', repeats: true },
      trial,
      by,
      json,
    },
    notes: ['Gateways that run notice it within 5 seconds, for payments that have begun too.'],
  },
} as const satisfies { readonly [words: string]: CommandSpec };
