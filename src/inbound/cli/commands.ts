import type { CommandSpec, Given } from './command-spec.ts';

const json = { value: null, about: 'Print one JSON document.' } as const;

const by = {
  value: 'NAME',
  about: "Who does it, for the audit log. Default: the name of the machine's user.",
} as const;

const wait = {
  value: 'N',
  about: 'Seconds to wait for a final result, 0 to 120. Default 30.',
} as const;

const merchantOfOrder = {
  value: 'ID',
  about: 'The merchant that it is for, with a key of the acquirer or of a channel.',
} as const;

const entryCode = { about: 'The code, or its address.', required: true } as const;

const svg = { value: 'FILE', about: 'Write the QR to a file as SVG, for printing.' } as const;

const merchantOfKey = { value: 'ID', about: 'The merchant that the key speaks for.' } as const;

const channelOfKey = { value: 'ID', about: 'The channel whose branch the key speaks for.' } as const;

const keyId = {
  about: 'Its id as `merchant key list` shows it, or the key itself.',
  required: true,
} as const;

const channelId = { value: 'ID', about: 'The channel.', required: true } as const;

const signerId = {
  value: 'KEYID',
  about: 'What signatures call it: 1 to 64 letters, digits, dots, colons, dashes, underscores.',
  required: true,
} as const;

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

const policyMerchant = { value: 'ID', about: 'The merchant.', required: true } as const;

const trial = {
  value: null,
  about: 'Take waits and counts below what the rules allow, for trials. Refused in production.',
} as const;

/** Every command, by the words that call it. The one list: help, parsing and the tests of `docs/cli.md` read it. */
export const commands = {
  start: {
    about: 'Everything on one machine: database, simulator, gateway with worker.',
    effect: 'runs',
    arguments: {},
    options: {},
    notes: ['For trial and small use. Ctrl-C stops everything; the data stays.'],
  },
  serve: {
    about: 'The gateway on PORT, with its worker.',
    effect: 'runs',
    arguments: {},
    options: { 'no-worker': { value: null, about: 'Leave the worker to `shoudan work`.' } },
  },
  work: {
    about: 'The worker alone: performs due steps. Any number may run.',
    effect: 'runs',
    arguments: {},
    options: {},
  },
  migrate: {
    about: 'Bring the database to the schema of this version.',
    effect: 'runs',
    arguments: {},
    options: { json },
    notes: ['Safe to repeat, and to run beside the version before.'],
  },
  simulator: {
    about: 'The simulated wallets on SIMULATOR_PORT.',
    effect: 'runs',
    arguments: {},
    options: {},
  },
  simulate: {
    about: 'Run the seeded simulation of the whole on virtual time.',
    effect: 'runs',
    arguments: {},
    options: {},
    handsOn: true,
    notes: [
      '`--seeds N` runs N seeds, `--seed S` replays seed S with its trace, and both together run N seeds from S on.',
      'The last line is `N seeds, V violations`. The exit code is 0 without a violation, and 1 with one, or when ten thousand ' +
        'seeds or more have left out a lifecycle edge, a fault or a money case that they should show.',
    ],
  },
  bench: {
    about: 'Measure this gateway beside a plain integration.',
    effect: 'runs',
    arguments: {},
    options: {},
  },
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
  'channel add': {
    about: 'Add a channel: who brings merchants to the acquirer, or channels of its own.',
    effect: 'audited',
    arguments: {},
    options: {
      id: { value: 'ID', about: 'The channel: 1 to 32 digits and letters.', required: true },
      name: { value: 'NAME', about: 'Its name.', required: true },
      source: {
        value: 'PID',
        about: 'Its number at alipay_open, 16 digits: the source of the merchants that it brings.',
        required: true,
      },
      parent: {
        value: 'ID',
        about: 'The channel above it. Without one it stands directly below the acquirer.',
      },
      by,
      json,
    },
    notes: [
      '`shoudan merchant add --channel` puts merchants below it, `shoudan merchant key add --channel` makes a key for it.',
    ],
  },
  'channel list': {
    about: 'List the channels, each followed by those that are below it.',
    effect: 'reads',
    arguments: {},
    options: { json },
  },
  'channel show': {
    about: 'Show a channel, with how much stands directly below it.',
    effect: 'reads',
    arguments: {},
    options: { id: channelId, json },
  },
  'channel set': {
    about: "Change a channel's name or source.",
    effect: 'audited',
    arguments: {},
    options: {
      id: channelId,
      name: { value: 'NAME', about: 'Its name.' },
      source: { value: 'PID', about: 'Its number at alipay_open, 16 digits.' },
      by,
      json,
    },
    notes: [
      'A new source is that of the merchants that it has brought itself, too, wherever they had the old one: this corrects them all at once.',
      'What the wallet was told when they were onboarded is not changed by it.',
    ],
  },
  'channel move': {
    about: 'Put a channel with everything that is below it below another one.',
    effect: 'audited',
    arguments: {},
    options: {
      id: channelId,
      to: {
        value: 'ID',
        about: "The channel that is to be above it; '' puts it directly below the acquirer.",
        required: true,
      },
      by,
      json,
    },
    notes: [
      'Gateways that run notice it within 5 seconds; until then it is reached by the keys of the channels that were above it.',
    ],
  },
  'channel close': {
    about: 'Close a channel for good, and revoke its keys.',
    effect: 'audited',
    arguments: {},
    options: { id: channelId, by, json },
    notes: [
      'Nothing may stand below it: put its channels and merchants elsewhere first.',
      'Gateways that run notice it within 5 seconds.',
    ],
  },
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

export type CommandName = keyof typeof commands;

/** Commands whose doing stands in the audit log. */
export type AuditedCommand = {
  [Name in CommandName]: (typeof commands)[Name]['effect'] extends 'audited' ? Name : never;
}[CommandName];

export type GivenTo<Name extends CommandName> = Given<(typeof commands)[Name]>;

export const commandNames = Object.keys(commands) as CommandName[];

export function specOf(name: CommandName): CommandSpec {
  return commands[name];
}
