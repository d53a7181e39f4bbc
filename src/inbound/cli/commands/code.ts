import type { CommandSpec } from '../command-spec.ts';
import { by, json } from './common-options.ts';

const entryCode = { about: 'The code, or its address.', required: true } as const;

const svg = { value: 'FILE', about: 'Write the QR to a file as SVG, for printing.' } as const;

/** Entry codes of stores. */
export const codeCommands = {
  'code create': {
    about: 'Make an entry code for a store: a QR that hangs there and is paid by many.',
    effect: 'audited',
    arguments: {},
    options: {
      merchant: { value: 'ID', about: 'The merchant.', required: true },
      store: { value: 'ID', about: 'The store in which it hangs.', required: true },
      currency: {
        value: 'CODE',
        about:
          'What payers enter an amount of. Default: the only one that the merchant takes with such codes.',
      },
      svg,
      by,
      json,
    },
    notes: [
      'Its address begins with SHOUDAN_PUBLIC_URL, which has to lead here for as long as the code hangs.',
    ],
  },
  'code list': {
    about: "List a merchant's entry codes, the newest first.",
    effect: 'reads',
    arguments: {},
    options: {
      merchant: { value: 'ID', about: 'The merchant.', required: true },
      store: { value: 'ID', about: 'Those of this store alone.' },
      json,
    },
  },
  'code show': {
    about: 'Show an entry code: its address, and the QR that says it.',
    effect: 'reads',
    arguments: { code: entryCode },
    options: { svg, json },
  },
  'code disable': {
    about: 'Take an entry code out of use: its page says so, and takes no payment.',
    effect: 'audited',
    arguments: { code: entryCode },
    options: { by, json },
    notes: ['Gateways that run notice it within 5 seconds. Payments that have begun go on.'],
  },
  'code enable': {
    about: 'Take an entry code into use again.',
    effect: 'audited',
    arguments: { code: entryCode },
    options: { by, json },
  },
} as const satisfies { readonly [words: string]: CommandSpec };
