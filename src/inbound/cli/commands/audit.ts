import type { CommandSpec } from '../command-spec.ts';
import { json } from './common-options.ts';

/** What operators have done. */
export const auditCommands = {
  'audit list': {
    about: 'List what operators have done, the newest first.',
    effect: 'reads',
    arguments: {},
    options: {
      merchant: { value: 'ID', about: 'What was done to this merchant alone.' },
      subject: {
        value: 'ID',
        about: 'What was done to this alone: a payment, a refund, a key, a code, a URL, WALLET/ACCOUNT.',
      },
      by: { value: 'NAME', about: 'What this person has done alone.' },
      since: { value: 'TIME', about: 'Nothing older, as in 2026-03-02T09:30:00+08:00.' },
      before: { value: 'NO', about: 'Those before this number alone: the next page.' },
      limit: { value: 'N', about: 'So many at most, 1 to 1000. Default 100.' },
      json,
    },
    notes: [
      'Nothing is ever taken out of the log or changed in it. What was changed stands there without secrets.',
    ],
  },
} as const satisfies { readonly [words: string]: CommandSpec };
