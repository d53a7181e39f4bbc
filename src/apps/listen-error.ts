import { type Settings, SettingsError } from './settings.ts';

/** Why nothing can listen there, in a line that names the setting. */
export function listenError(
  error: unknown,
  settings: Pick<Settings, 'port' | 'host'>,
  name: 'PORT' | 'SHOUDAN_WORKER_PORT' = 'PORT',
): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new SettingsError(
      `${name} ${settings.port} is in use on ${settings.host}: stop what listens there, or set ${name} to a free one.`,
    );
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new SettingsError(
      `${name} ${settings.port} on SHOUDAN_HOST ${settings.host} cannot be opened (${String(code)}): choose another.`,
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}
