import { type Logger, pino } from 'pino';
import type { Settings } from './settings.ts';

/** One JSON line an event on stderr: stdout belongs to what a command answers. */
export function openLog(settings: Pick<Settings, 'logLevel'>, name: string): Logger {
  return pino(
    {
      name,
      level: settings.logLevel,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: ['req.headers.authorization', '*.payment_code', '*.paymentCode'], censor: '[masked]' },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}
