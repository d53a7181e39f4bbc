/** What the exit code of every command means. `docs/cli.md` lists the same. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  otherwise: 5,
  processing: 6,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeMeanings: { readonly [name in keyof typeof exitCodes]: string } = {
  done: 'Done: what was asked has happened.',
  failed:
    'Failed for another reason, which the line on stderr names: a wrong setting, a file that cannot be read.',
  usage: 'The command line is wrong: an unknown command or option, a missing or unusable value.',
  refused: 'The gateway refused, or does not know what was named; the line on stderr is its reason.',
  unreachable: 'The gateway or the database cannot be reached, or is unavailable for the moment.',
  otherwise:
    'Ended otherwise than asked: a payment that failed or was cancelled, a refund that failed, a cancel that left the payment paid.',
  processing: 'Still processing; it goes on by itself, and `shoudan inspect` shows what becomes of it.',
};

/** A command that could not be done for a reason outside of this program. The message is one line for people. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;
  /** What `--json` prints of the failure, when somebody else has put it into a document. */
  readonly document: object | null;

  constructor(exitCode: ExitCode, message: string, document: object | null = null) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
    this.document = document;
  }
}

/** The command line cannot be understood. `help` is the command whose help would have told. */
export function usageError(complaint: string, help: string | null): CommandFailure {
  const see = help === null ? 'shoudan --help' : `shoudan ${help} --help`;
  return new CommandFailure(exitCodes.usage, `${complaint}; see \`${see}\``);
}
