import type { CommandSpec } from '../command-spec.ts';
import { json, merchantOfOrder } from './common-options.ts';

const wait = {
  value: 'N',
  about: 'Seconds to wait for a final result, 0 to 120. Default 30.',
} as const;

/** What a merchant does: over REST, with a key of the API. */
export const paymentCommands = {
  pay: {
    about: "Take a payment with a payer's payment code, or show an order code for one.",
    effect: 'through_gateway',
    arguments: {},
    options: {
      amount: { value: 'DECIMAL', about: 'In major units, as in 12.34.', required: true },
      currency: { value: 'CODE', about: 'ISO 4217. Default CNY.' },
      order: { value: 'NO', about: "The merchant's order number.", required: true },
      code: {
        value: 'CODE',
        about: "The code on the payer's screen. Default in the sandbox: its payer's in that currency.",
      },
      'order-code': {
        value: null,
        about: 'Show a QR for the payer to scan instead, and wait until it is paid or closed.',
      },
      store: { value: 'ID', about: "The store. Default in the sandbox: the sandbox's." },
      terminal: { value: 'ID', about: "The terminal. Default in the sandbox: the sandbox's." },
      subject: {
        value: 'TEXT',
        about: 'What is sold, as the payer reads it. Default in the sandbox: a trial.',
      },
      wallet: { value: 'WALLET', about: 'The wallet, when several could take the payment.' },
      'notify-url': { value: 'URL', about: 'Where deliveries of this payment go.' },
      merchant: merchantOfOrder,
      wait: {
        value: 'N',
        about:
          'Seconds to wait for a final result, 0 to 120. Default 30; with --order-code until the code is closed.',
      },
      json,
    },
  },
  cancel: {
    about: 'Cancel a payment, an order, or what an upstream id names.',
    effect: 'through_gateway',
    arguments: { payment: { about: 'The payment: pay_…' } },
    options: {
      order: { value: 'NO', about: 'Cancel the order instead; it is closed even when no payment is known.' },
      request: { value: 'ID', about: 'Cancel the payment with this payment_request_id instead.' },
      merchant: merchantOfOrder,
      wait,
      json,
    },
  },
  refund: {
    about: 'Give back part or all of a payment.',
    effect: 'through_gateway',
    arguments: { payment: { about: 'The payment: pay_…', required: true } },
    options: {
      amount: { value: 'DECIMAL', about: "In major units of the payment's currency.", required: true },
      no: { value: 'NO', about: "The merchant's refund number; a repeat with it refunds nothing twice." },
      reason: { value: 'TEXT', about: 'Why.' },
      wait,
      json,
    },
  },
} as const satisfies { readonly [words: string]: CommandSpec };
