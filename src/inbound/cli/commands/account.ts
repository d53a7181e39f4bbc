import type { CommandSpec } from '../command-spec.ts';
import { by, json } from './common-options.ts';

const keyWallet = {
  value: 'WALLET',
  about: 'The wallet: alipay_open or alipay_plus.',
  required: true,
} as const;

const keyAccount = {
  value: 'NAME',
  about: 'The account, as `account list` shows it.',
  required: true,
} as const;

const keyVersion = {
  value: 'N',
  about: 'Which of its keys, as `account key list` shows it.',
  required: true,
} as const;

/** Wallet accounts, their keys, and the master key that seals those. */
export const accountCommands = {
  'account add': {
    about: 'Add a wallet account: the keys and the address for calls to a wallet.',
    effect: 'audited',
    arguments: {},
    options: {
      wallet: { value: 'WALLET', about: 'The wallet: alipay_open or alipay_plus.', required: true },
      name: { value: 'NAME', about: 'What bindings call the account.', required: true },
      'app-id': {
        value: 'ID',
        about: 'The application id (alipay_open) or client id (alipay_plus) that the wallet has assigned.',
        required: true,
      },
      'seller-id': {
        value: 'PID',
        about: "The seller (PID, 16 digits) that alipay_open's notifications must name; '' takes it away.",
      },
      'settlement-currency': {
        value: 'CODE',
        about: "What alipay_plus settles in, where there is more than one contract; '' takes it away.",
      },
      'merchant-region': {
        value: 'CC',
        about: "The region that some hosts of alipay_plus ask for: US, JP, PK or SG; '' takes it away.",
      },
      'key-version': {
        value: 'N',
        about: "Which of the alipay_plus client's keys is given; '' is its first, 1.",
      },
      'gateway-url': {
        value: 'URL',
        about: "The wallet's address for calls; for alipay_plus the host of the region.",
        required: true,
      },
      'private-key-file': {
        value: 'FILE',
        about: 'Our private key: PEM, or the bare base64 of the key tool.',
        required: true,
      },
      'wallet-public-key-file': {
        value: 'FILE',
        about: "The wallet's public key, which verifies its answers.",
        required: true,
      },
      'support-contact': {
        value: 'TEXT',
        about: "Whom to call at the wallet when something is in trouble; '' takes it away.",
      },
      replace: {
        value: null,
        about: 'Replace the account of that name, keys included; it stays the application that it was.',
      },
      by,
      json,
    },
    notes: [
      'The private key is sealed under SHOUDAN_MASTER_KEY and never shown again.',
      'Without --seller-id no seller is compared.',
      'An account that is replaced keeps its seller, settlement currency, region, key version and support contact unless others are given.',
      'The notify url that is printed is the one that the wallet calls: it must reach this gateway.',
    ],
  },
  'account list': {
    about: 'List the wallet accounts, without their private keys.',
    effect: 'reads',
    arguments: {},
    options: { json },
  },
  'account set': {
    about: 'Say whom to call about a wallet account; everything else of it stays.',
    effect: 'audited',
    arguments: {},
    options: {
      wallet: { value: 'WALLET', about: 'The wallet: alipay_open or alipay_plus.', required: true },
      name: { value: 'NAME', about: 'The account, as `account list` shows it.', required: true },
      'support-contact': {
        value: 'TEXT',
        about: "Whom to call at the wallet when something is in trouble; '' takes it away.",
        required: true,
      },
      by,
      json,
    },
    notes: ['It is shown with all of the account that needs attention, and logged when that begins.'],
  },
  'account key list': {
    about: "List the keys of a wallet account, ours and the wallet's, by their fingerprints.",
    effect: 'reads',
    arguments: {},
    options: { wallet: keyWallet, name: keyAccount, json },
    notes: [
      'signing: the one of ours that signs. accepted: of ours ready to sign, of the wallet good for what it says. retired: neither.',
    ],
  },
  'account key add': {
    about: "Add a key to a wallet account beside those that it has: one of ours, or one of the wallet's.",
    effect: 'audited',
    arguments: {},
    options: {
      wallet: keyWallet,
      name: keyAccount,
      generate: {
        value: null,
        about: 'Make a key pair of ours; the private half never leaves the database.',
      },
      'private-key-file': {
        value: 'FILE',
        about: 'A private key of ours instead: PEM, or the bare base64 of the key tool.',
      },
      'wallet-public-key-file': {
        value: 'FILE',
        about: "A public key of the wallet's instead: what it has signed is believed from now on.",
      },
      'key-version': {
        value: 'N',
        about: 'Of ours: what alipay_plus calls it. Default: one more than the last.',
      },
      by,
      json,
    },
    notes: [
      'A key of ours signs nothing before `shoudan account key use`. The public key is printed as the consoles of the wallets take it.',
      'At most four of ours and four of the wallet are in use at once.',
    ],
  },
  'account key use': {
    about: 'Have another key of ours sign; the one before stays ready.',
    effect: 'audited',
    arguments: {},
    options: { wallet: keyWallet, name: keyAccount, 'key-version': keyVersion, by, json },
    notes: [
      'The wallet must know its public half by then, or refuses every call. Gateways that run take it up within 5 seconds.',
    ],
  },
  'account key retire': {
    about: 'Give up a key that is needed no more; of ours the private half is deleted.',
    effect: 'audited',
    arguments: {},
    options: {
      wallet: keyWallet,
      name: keyAccount,
      of: { value: 'WHOSE', about: 'ours or wallet.', required: true },
      'key-version': keyVersion,
      by,
      json,
    },
    notes: [
      "The key that signs is not given up, nor the last of the wallet's. What a retired key of the wallet has signed is not believed.",
    ],
  },
  'master-key rotate': {
    about: 'Seal every secret again under SHOUDAN_MASTER_KEY that SHOUDAN_FURTHER_MASTER_KEYS still open.',
    effect: 'audited',
    arguments: {},
    options: {
      check: { value: null, about: 'Tell alone what is left. The exit code is 1 while there is any.' },
      by,
      json,
    },
    notes: [
      'Gateways may run meanwhile, when all of them know both keys. What was stopped half-way is begun again and goes on where it was.',
      'Without anything left, and with every process sealing under the new key, the further keys are needed no more.',
    ],
  },
} as const satisfies { readonly [words: string]: CommandSpec };
