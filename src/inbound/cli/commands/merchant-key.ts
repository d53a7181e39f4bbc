import type { CommandSpec } from '../command-spec.ts';
import { by, json } from './common-options.ts';

const merchantOfKey = { value: 'ID', about: 'The merchant that the key speaks for.' } as const;

const channelOfKey = { value: 'ID', about: 'The channel whose branch the key speaks for.' } as const;

const keyId = {
  about: 'Its id as `merchant key list` shows it, or the key itself.',
  required: true,
} as const;

const signerId = {
  value: 'KEYID',
  about: 'What signatures call it: 1 to 64 letters, digits, dots, colons, dashes, underscores.',
  required: true,
} as const;

/** Keys of the API, and signers of its requests. */
export const merchantKeyCommands = {
  'merchant key add': {
    about: 'Make an API key; it is printed this once.',
    effect: 'audited',
    arguments: {},
    options: {
      merchant: merchantOfKey,
      channel: channelOfKey,
      acquirer: { value: null, about: 'Make a key of the acquirer, which speaks for every merchant.' },
      label: { value: 'TEXT', about: 'What people know the key by. Default `cli`.' },
      rate: {
        value: 'N/s',
        about: 'Requests a second that it may make, 1 to 100000. Default: SHOUDAN_RATE_LIMIT.',
      },
      by,
      json,
    },
    notes: ['Whoever it is for may have several: make the new one, change over, revoke the old one.'],
  },
  'merchant key list': {
    about: 'List API keys, without the keys themselves.',
    effect: 'reads',
    arguments: {},
    options: {
      merchant: { value: 'ID', about: 'Those of this merchant alone.' },
      channel: { value: 'ID', about: 'Those of this channel alone.' },
      json,
    },
    notes: ['When a key was last used is known to the minute, and some seconds late.'],
  },
  'merchant key limit': {
    about: 'Say how many requests an API key may make.',
    effect: 'audited',
    arguments: { key: keyId },
    options: {
      rate: {
        value: 'N/s',
        about: "Requests a second, 1 to 100000; '' is SHOUDAN_RATE_LIMIT again.",
        required: true,
      },
      by,
      json,
    },
    notes: [
      'Ten seconds of it may come at once, and four times as many cancels, which are counted for themselves.',
      'Each gateway counts for itself, and notices the change within 5 seconds.',
    ],
  },
  'merchant key revoke': {
    about: 'Revoke an API key for good.',
    effect: 'audited',
    arguments: { key: keyId },
    options: { by, json },
    notes: ['Gateways that run notice it within 5 seconds.'],
  },
  'merchant signer add': {
    about: 'Register a public key that verifies signed requests of an API key.',
    effect: 'audited',
    arguments: { key: keyId },
    options: {
      keyid: signerId,
      'public-key-file': {
        value: 'FILE',
        about: 'PEM: Ed25519, P-256, or RSA of 2048 bits or more. The private key stays with whoever signs.',
        required: true,
      },
      by,
      json,
    },
    notes: [
      'An API key may have several side by side: add the new one, change over, remove the old one. Gateways that run notice it within 5 seconds.',
      'From then on signatures that come are verified; requests without one are taken until `shoudan merchant signer require`.',
    ],
  },
  'merchant signer list': {
    about: 'List who may sign the requests of an API key.',
    effect: 'reads',
    arguments: { key: keyId },
    options: { json },
  },
  'merchant signer remove': {
    about: 'Remove a public key from an API key for good.',
    effect: 'audited',
    arguments: { key: keyId },
    options: { keyid: signerId, by, json },
    notes: ['Gateways that run notice it within 5 seconds.'],
  },
  'merchant signer require': {
    about: 'Have an API key taken with signed requests alone.',
    effect: 'audited',
    arguments: { key: keyId },
    options: {
      off: { value: null, about: 'Take requests without a signature again.' },
      by,
      json,
    },
    notes: ['Gateways that run notice it within 5 seconds.'],
  },
} as const satisfies { readonly [words: string]: CommandSpec };
