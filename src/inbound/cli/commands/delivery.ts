import type { CommandSpec } from '../command-spec.ts';
import { by, json } from './common-options.ts';

/** Merchants’ endpoints, and what is delivered to them. */
export const deliveryCommands = {
  'endpoint list': {
    about: "List merchants' endpoints that fail, and those that are disabled.",
    effect: 'reads',
    arguments: {},
    options: { json },
    notes: [
      'An endpoint is disabled when every try has failed for five days, twenty at least. One success makes its failures forgotten.',
    ],
  },
  'endpoint enable': {
    about: 'Send to a disabled endpoint again, and what was held for it, the oldest first.',
    effect: 'audited',
    arguments: { url: { about: 'Its URL, as `endpoint list` shows it.', required: true } },
    options: {
      merchant: { value: 'ID', about: 'The merchant, where several are told things at that URL.' },
      by,
      json,
    },
    notes: ['What was held goes out at five a second. Each keeps its id, and tells the state of then.'],
  },
  'delivery list': {
    about: 'List deliveries to merchants, the newest first.',
    effect: 'reads',
    arguments: {},
    options: {
      payment: { value: 'ID', about: 'Those of this payment alone.' },
      endpoint: { value: 'URL', about: 'Those to this URL alone.' },
      state: { value: 'STATE', about: 'pending, delivered, withdrawn, exhausted or held.' },
      merchant: { value: 'ID', about: 'Those of this merchant alone.' },
      json,
    },
    notes: [
      'exhausted: its schedule is used up. held: its endpoint is disabled. withdrawn: the payment has left behind what it tells.',
    ],
  },
  'delivery replay': {
    about: 'Send deliveries again, under the same ids and with the state of then.',
    effect: 'audited',
    arguments: { delivery: { about: 'The delivery: evt_…' } },
    options: {
      payment: { value: 'ID', about: 'Every delivery of this payment instead.' },
      since: { value: 'TIME', about: 'Every delivery made since then instead; needs --endpoint.' },
      endpoint: { value: 'URL', about: 'With --since: to this URL.' },
      merchant: { value: 'ID', about: 'Those of this merchant alone.' },
      by,
      json,
    },
    notes: [
      'What the payment has left behind is withdrawn and not sent. Each replay stands on the timeline of its payment.',
    ],
  },
} as const satisfies { readonly [words: string]: CommandSpec };
