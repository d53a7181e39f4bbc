import type { CommandSpec } from '../command-spec.ts';
import { json } from './common-options.ts';

/** Programs that run, and the database that they need. */
export const processCommands = {
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
} as const satisfies { readonly [words: string]: CommandSpec };
