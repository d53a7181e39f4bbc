import type { CommandSpec } from '../command-spec.ts';
import { by, json } from './common-options.ts';

/** Merchants, their stores and what they are bound to. */
export const merchantCommands = {
  'merchant add': {
    about: 'Register a merchant, or add stores, terminals and wallets to one.',
    effect: 'audited',
    arguments: {},
    options: {
      id: { value: 'ID', about: 'The merchant: 1 to 32 digits and letters.', required: true },
      name: { value: 'NAME', about: 'Its name; required for a new merchant.' },
      mcc: { value: 'MCC', about: 'Its category, four digits of ISO 18245; alipay_plus wants it.' },
      store: { value: 'ID:NAME', about: 'A store of it.', repeats: true },
      'store-mcc': {
        value: 'STORE:MCC',
        about: "The category of a store of it; the merchant's unless given.",
        repeats: true,
      },
      terminal: { value: 'STORE:TERMINAL', about: 'A terminal in a store of it.', repeats: true },
      bind: {
        value: 'WALLET:CURRENCY:ACCOUNT:SMID',
        about: 'Take payments of this currency with this wallet, through this account, as this smid.',
        repeats: true,
      },
      channel: { value: 'ID', about: "The channel that brings it; '' makes it the acquirer's own." },
      source: {
        value: 'PID',
        about:
          "Who has brought it, as alipay_open is told, 16 digits. Default: its channel's source, or the seller of the account.",
      },
      'order-codes': {
        value: 'SCENE',
        about: "Turn order codes on, for the scene that needs them; '' turns them off.",
      },
      'order-code-expiry': {
        value: 'SECONDS',
        about: 'How long an order code lives, 60 to 7200. Default 120. On Alipay+ never longer than 1800.',
      },
      'notify-url': { value: 'URL', about: "Where its deliveries go; '' takes it away." },
      by,
      json,
    },
    notes: [
      'A new merchant gets the secret that signs its deliveries; it is printed this once.',
      'Of a merchant that is there already, what is not given stays as it is.',
      'Each of its wallets that asks for a source needs one. One that is not the default is taken, with a warning.',
    ],
  },
  'merchant list': {
    about: 'List the merchants.',
    effect: 'reads',
    arguments: {},
    options: {
      channel: { value: 'ID', about: 'Those alone that this channel, or one below it, has brought.' },
      json,
    },
  },
  'merchant show': {
    about: 'Show a merchant with its stores, terminals and wallets.',
    effect: 'reads',
    arguments: {},
    options: { id: { value: 'ID', about: 'The merchant.', required: true }, json },
  },
  'merchant source set': {
    about: 'Correct the source of many merchants at once: who has brought them, as alipay_open is told.',
    effect: 'audited',
    arguments: {},
    options: {
      from: {
        value: 'PID',
        about: "The source that is to go, 16 digits; '' is for wallets that have none yet.",
        required: true,
      },
      to: { value: 'PID', about: 'The source that they have from now on, 16 digits.', required: true },
      channel: { value: 'ID', about: 'Those alone that this channel, or one below it, has brought.' },
      acquirer: { value: null, about: "The acquirer's own alone." },
      by,
      json,
    },
    notes: [
      'All merchants unless --channel or --acquirer is given. A source that is not the default of some of them is taken, with a warning.',
      'What the wallet was told when they were onboarded is not changed by it.',
    ],
  },
} as const satisfies { readonly [words: string]: CommandSpec };
