import { readCommandLine } from '../inbound/cli/command-line.ts';
import type { CommandName, GivenTo } from '../inbound/cli/commands.ts';
import { jsonText } from '../inbound/cli/terminal-text.ts';
import { failureOf } from './failures.ts';
import { type Environment, readSettings } from './settings.ts';

/** Where a command reads its settings and writes what it has to say. */
export interface Terminal {
  readonly env: Environment;
  /** What the command answers. */
  readonly out: (text: string) => void;
  /** What people are told beside it. */
  readonly err: (text: string) => void;
}

type Run<Name extends CommandName> = (given: GivenTo<Name>, terminal: Terminal) => Promise<number>;

/**
 * What each command does. Everything is imported when it is called for: help, mistakes and wrong settings are
 * answered at once.
 */
const runs: { readonly [Name in CommandName]: Run<Name> } = {
  start: async (_, { env }) => {
    const settings = readSettings(env);
    const { start } = await import('./start.ts');
    await start(settings);
    return 0;
  },
  serve: async ({ options }, { env }) => {
    const settings = readSettings(env);
    const { serve } = await import('./serve.ts');
    await serve(settings, { worker: !options['no-worker'] });
    return 0;
  },
  work: async (_, { env }) => {
    const settings = readSettings(env);
    const { work } = await import('./work.ts');
    await work(settings);
    return 0;
  },
  migrate: async (...call) => (await import('./migrate-command.ts')).migrateDatabase(...call),
  simulator: async (_, { env }) => {
    readSettings(env);
    await import('../../simulator/main.ts');
    return 0;
  },
  simulate: async (given) => (await import('./neighbour-programs.ts')).simulate(given.handedOn),
  bench: async () => (await import('./neighbour-programs.ts')).bench(),
  'account add': async (...call) => (await import('./account-command.ts')).addAccount(...call),
  'account key add': async (...call) => (await import('./account-key-command.ts')).addKey(...call),
  'account key list': async (...call) => (await import('./account-key-command.ts')).listKeys(...call),
  'account key retire': async (...call) => (await import('./account-key-command.ts')).retireKey(...call),
  'account key use': async (...call) => (await import('./account-key-command.ts')).useKey(...call),
  'account list': async (...call) => (await import('./account-command.ts')).listAccounts(...call),
  'account set': async (...call) => (await import('./account-command.ts')).setAccount(...call),
  'channel add': async (...call) => (await import('./channel-command.ts')).addChannel(...call),
  'channel list': async (...call) => (await import('./channel-command.ts')).listAllChannels(...call),
  'channel show': async (...call) => (await import('./channel-command.ts')).showChannel(...call),
  'channel set': async (...call) => (await import('./channel-command.ts')).setChannel(...call),
  'channel move': async (...call) => (await import('./channel-command.ts')).moveChannel(...call),
  'channel close': async (...call) => (await import('./channel-command.ts')).closeChannel(...call),
  'master-key rotate': async (...call) => (await import('./master-key-command.ts')).rotateMasterKey(...call),
  'merchant add': async (...call) => (await import('./merchant-command.ts')).addMerchant(...call),
  'merchant list': async (...call) => (await import('./merchant-command.ts')).listAllMerchants(...call),
  'merchant show': async (...call) => (await import('./merchant-command.ts')).showMerchant(...call),
  'merchant source set': async (...call) =>
    (await import('./merchant-source-command.ts')).setSources(...call),
  'merchant policy show': async (...call) => (await import('./policy-command.ts')).showPolicy(...call),
  'merchant policy set': async (...call) => (await import('./policy-command.ts')).setPolicy(...call),
  'merchant policy clear': async (...call) => (await import('./policy-command.ts')).clearPolicy(...call),
  'merchant key add': async (...call) => (await import('./merchant-key-command.ts')).addKey(...call),
  'merchant key list': async (...call) => (await import('./merchant-key-command.ts')).listKeys(...call),
  'merchant key limit': async (...call) => (await import('./merchant-key-command.ts')).limitKey(...call),
  'merchant key revoke': async (...call) => (await import('./merchant-key-command.ts')).revokeKey(...call),
  'merchant signer add': async (...call) => (await import('./merchant-signer-command.ts')).addSigner(...call),
  'merchant signer list': async (...call) =>
    (await import('./merchant-signer-command.ts')).listSigners(...call),
  'merchant signer remove': async (...call) =>
    (await import('./merchant-signer-command.ts')).removeSigner(...call),
  'merchant signer require': async (...call) =>
    (await import('./merchant-signer-command.ts')).requireSigner(...call),
  'code create': async (...call) => (await import('./code-command.ts')).createCode(...call),
  'code list': async (...call) => (await import('./code-command.ts')).listCodes(...call),
  'code show': async (...call) => (await import('./code-command.ts')).showCode(...call),
  'code disable': async (...call) => (await import('./code-command.ts')).disableCode(...call),
  'code enable': async (...call) => (await import('./code-command.ts')).enableCode(...call),
  pay: async (...call) => (await import('./pay-command.ts')).pay(...call),
  cancel: async (...call) => (await import('./cancel-command.ts')).cancel(...call),
  refund: async (...call) => (await import('./refund-command.ts')).refund(...call),
  inspect: async (...call) => (await import('./inspect-command.ts')).inspectPayments(...call),
  'inspect queue': async (...call) => (await import('./inspect-work-command.ts')).inspectQueue(...call),
  'inspect attention': async (...call) =>
    (await import('./inspect-work-command.ts')).inspectAttention(...call),
  'inspect answers': async (...call) => (await import('./answers-command.ts')).inspectAnswers(...call),
  'inspect policy': async (...call) => (await import('./policy-command.ts')).inspectPolicy(...call),
  retry: async (...call) => (await import('./by-hand-command.ts')).retry(...call),
  resolve: async (...call) => (await import('./by-hand-command.ts')).resolve(...call),
  'endpoint list': async (...call) => (await import('./endpoint-command.ts')).listEndpoints(...call),
  'endpoint enable': async (...call) => (await import('./endpoint-command.ts')).enableEndpoint(...call),
  'delivery list': async (...call) => (await import('./delivery-command.ts')).listAllDeliveries(...call),
  'delivery replay': async (...call) => (await import('./delivery-command.ts')).replayDeliveries(...call),
  'held list': async (...call) => (await import('./held-command.ts')).listHeld(...call),
  'held clear': async (...call) => (await import('./held-command.ts')).clearHeld(...call),
  'audit list': async (...call) => (await import('./audit-command.ts')).listAudit(...call),
  'stray list': async (...call) => (await import('./stray-command.ts')).listStrays(...call),
  'stray clear': async (...call) => (await import('./stray-command.ts')).clearStray(...call),
};

/**
 * Does what a command line asks for and answers with the exit code. Never rejects: a failure is told in one line, a
 * mistake of this program's own with its stack as well, so that it can be reported.
 */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<number> {
  let json = false;
  try {
    const asked = readCommandLine(argv);
    switch (asked.kind) {
      case 'help': {
        const { helpText } = await import('../inbound/cli/help.ts');
        terminal.out(helpText(asked.about));
        return 0;
      }
      case 'version': {
        const { default: about } = await import('../../package.json', { with: { type: 'json' } });
        terminal.out(`${about.version}\n`);
        return 0;
      }
      case 'run': {
        json = asked.given.options['json'] === true;
        // What was parsed by a command's spec is what that command takes.
        const run = runs[asked.name] as Run<CommandName>;
        return await run(asked.given as GivenTo<CommandName>, terminal);
      }
      default:
        return asked satisfies never;
    }
  } catch (error) {
    const failure = failureOf(error);
    if (json && failure.document !== null) terminal.out(jsonText(failure.document));
    terminal.err(`shoudan: ${failure.line}\n${failure.report ?? ''}`);
    return failure.exitCode;
  }
}
