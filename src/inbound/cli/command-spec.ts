/** What a command takes. Help, parsing and the types of what a command is given all derive from this. */
export interface CommandSpec {
  /** What it does, in one line. */
  readonly about: string;
  /** What it does to what others see. */
  readonly effect: CommandEffect;
  /** Words after the command, in order. */
  readonly arguments: { readonly [name: string]: ArgumentSpec };
  readonly options: { readonly [name: string]: OptionSpec };
  /** More to know, a sentence or two each. */
  readonly notes?: readonly string[];
  /** What follows belongs to another program and is handed on as it stands. */
  readonly handsOn?: true;
}

/**
 * - `reads`: it changes nothing, and works on a database that takes no change.
 * - `audited`: it does something as an operator; that stands in the audit log, in the transaction of what it changes.
 * - `through_gateway`: it asks a gateway over REST with somebody's API key; what that does stands on the payment's timeline.
 * - `runs`: it is a program of its own, or brings the schema up to date.
 */
export type CommandEffect = 'reads' | 'audited' | 'through_gateway' | 'runs';

export interface ArgumentSpec {
  readonly about: string;
  readonly required?: true;
}

export interface OptionSpec {
  /** What stands for the value in help; `null`: a flag, which takes none. */
  readonly value: string | null;
  readonly about: string;
  readonly required?: true;
  /** May be given several times. */
  readonly repeats?: true;
}

/** What a command is given, checked: nothing unknown, nothing twice, everything required present. */
export interface Given<Spec extends CommandSpec> {
  readonly arguments: {
    readonly [Name in keyof Spec['arguments']]: Spec['arguments'][Name] extends { readonly required: true }
      ? string
      : string | undefined;
  };
  readonly options: { readonly [Name in keyof Spec['options']]: OptionValue<Spec['options'][Name]> };
  /** As it stood, for a command that hands it on. */
  readonly handedOn: readonly string[];
}

type OptionValue<Option extends OptionSpec> = Option extends { readonly value: null }
  ? boolean
  : Option extends { readonly repeats: true }
    ? readonly string[]
    : Option extends { readonly required: true }
      ? string
      : string | undefined;
