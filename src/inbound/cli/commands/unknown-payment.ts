import type { CommandSpec } from '../command-spec.ts';
import { by, json } from './common-options.ts';

/** Cancels and notifications of payments that are not known here. */
export const unknownPaymentCommands = {
  'held list': {
    about:
      'List held cancels: those of payments that are not known here, and what has become of them at the wallets.',
    effect: 'reads',
    arguments: {},
    options: { all: { value: null, about: 'Those that are cleared too.' }, json },
  },
  'held clear': {
    about: 'Clear a held cancel that somebody has looked into.',
    effect: 'audited',
    arguments: {
      request: { about: 'The payment_request_id that it names.', required: true },
    },
    options: {
      note: { value: 'TEXT', about: 'What was found and done.', required: true },
      'give-up': {
        value: null,
        about: 'Also when it is still on its way to a wallet: nothing more is sent.',
      },
      by,
      json,
    },
    notes: ['A cleared one is shown no more, unless a wallet says something later that needs people.'],
  },
  'stray list': {
    about: 'List stray notifications: what wallets tell of payments that are not known here.',
    effect: 'reads',
    arguments: {},
    options: { all: { value: null, about: 'Those that are cleared too.' }, json },
  },
  'stray clear': {
    about: 'Clear a stray notification that somebody has looked into.',
    effect: 'audited',
    arguments: {
      request: { about: 'The payment_request_id that it names.', required: true },
    },
    options: {
      note: { value: 'TEXT', about: 'What was found and done.', required: true },
      wallet: { value: 'WALLET', about: 'The wallet that told of it, where several have.' },
      account: { value: 'NAME', about: 'The account that it came in by, where several have.' },
      by,
      json,
    },
    notes: [
      'A cleared one is shown no more, and is dropped 90 days later. What the wallet tells otherwise of the same payment is shown anew.',
    ],
  },
} as const satisfies { readonly [words: string]: CommandSpec };
