import type { CommandSpec } from '../command-spec.ts';
import { by, json, merchantOfOrder } from './common-options.ts';

/** Looking at payments and at work, and settling by hand what only people can. */
export const inspectionCommands = {
  inspect: {
    about: 'Show a payment with its refunds and its timeline.',
    effect: 'through_gateway',
    arguments: { payment: { about: 'The payment: pay_…' } },
    options: {
      order: { value: 'NO', about: 'Show every attempt of the order instead, the newest first.' },
      merchant: merchantOfOrder,
      json,
    },
  },
  'inspect queue': {
    about: 'Show what is due, what needs attention, and the cancels that are held.',
    effect: 'reads',
    arguments: {},
    options: { json },
  },
  'inspect attention': {
    about: 'List everything that waits for a person, and what to do about it.',
    effect: 'reads',
    arguments: {},
    options: { json },
  },
  'inspect answers': {
    about:
      'Show what a wallet has answered last of a payment or refund in trouble, what to name there, and whom to call.',
    effect: 'audited',
    arguments: {
      id: { about: 'The payment or refund: pay_… or re_…, or a payment_request_id.', required: true },
    },
    options: {
      raw: {
        value: null,
        about:
          'The answers as they came, with all that they say of the payer. Who asks stands in the audit log.',
      },
      by,
      json,
    },
    notes: [
      'The last answers that settled nothing are kept, five of a payment and of each refund, for two weeks.',
      'Without --raw they are masked, and nothing is logged.',
    ],
  },
  'inspect policy': {
    about: 'Show every figure of the policies, with its range and the rule that wants it.',
    effect: 'reads',
    arguments: {},
    options: {
      merchant: { value: 'ID', about: 'As it holds for this merchant; the defaults unless given.' },
      wallet: { value: 'WALLET', about: 'Those of this wallet alone.' },
      product: { value: 'PRODUCT', about: 'Those of this product alone.' },
      json,
    },
  },
  retry: {
    about: 'Have the next step of a payment or refund taken now.',
    effect: 'audited',
    arguments: { id: { about: 'The payment or refund: pay_… or re_…', required: true } },
    options: { by, json },
    notes: ['A gateway or worker that runs takes the step; nothing is called from here.'],
  },
  resolve: {
    about: 'Settle what needs attention and the gateway cannot settle, on written evidence.',
    effect: 'audited',
    arguments: { id: { about: 'The payment or refund: pay_… or re_…', required: true } },
    options: {
      as: {
        value: 'WHAT',
        about: 'A payment: given_back or noted. A refund: succeeded, failed or noted.',
        required: true,
      },
      evidence: {
        value: 'TEXT',
        about:
          'What the wallet has put in writing, and where it is kept: a mail, a ticket, a line of its bill.',
        required: true,
      },
      by: { value: 'NAME', about: 'Who answers for it.', required: true },
      json,
    },
    notes: [
      'given_back: the payer has the money, or was never charged and never can be. noted: dealt with outside; only what has ended.',
      'Nothing makes a payment succeed here but the wallet itself: `shoudan retry` has it asked.',
      'Both texts stand on the timeline for good.',
    ],
  },
} as const satisfies { readonly [words: string]: CommandSpec };
