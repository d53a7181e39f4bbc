import { resolve } from 'node:path';
import type { CommandName } from '../inbound/cli/commands.ts';
import { usageError } from '../inbound/cli/exit-codes.ts';
import type { GatewayTarget } from '../inbound/cli/gateway-client.ts';
import { readSandbox, type Sandbox, sandboxFile } from './sandbox-file.ts';
import { type Settings, SettingsError } from './settings.ts';

/** The gateway that a command speaks to. */
export interface ChosenGateway {
  readonly target: GatewayTarget;
  /** What a trial leaves unsaid; `null` when the gateway is not the sandbox of the data folder. */
  readonly sandbox: Sandbox | null;
}

/** SHOUDAN_URL with SHOUDAN_API_KEY, else the sandbox of the data folder. */
export function chooseGateway(settings: Settings): ChosenGateway {
  if (settings.gatewayUrl !== null && settings.apiKey !== null) {
    return { target: { url: settings.gatewayUrl, apiKey: settings.apiKey }, sandbox: null };
  }
  const sandbox = readSandbox(settings.dataDir);
  if (sandbox === null) {
    throw new SettingsError(
      'no gateway is known: set SHOUDAN_URL and SHOUDAN_API_KEY, or run `shoudan start` ' +
        `(${resolve(settings.dataDir, sandboxFile)} cannot be read).`,
    );
  }
  return { target: { url: sandbox.gateway_url, apiKey: sandbox.api_key }, sandbox };
}

/** A value that only a trial may leave out. */
export function givenOrSandbox(
  command: CommandName,
  option: string,
  given: string | undefined,
  sandboxValue: string | undefined,
): string {
  const value = given ?? sandboxValue;
  if (value === undefined) throw usageError(`${command} needs --${option} outside of the sandbox`, command);
  return value;
}
