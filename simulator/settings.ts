import type { DatabaseSync } from 'node:sqlite';
import { invalidValue, type JsonObject } from './json.ts';

/** How the wallets behave. Set for everybody by `/control/settings`, or for one app or client when it is registered. */
export interface Settings {
  /** From this amount in fen, or what is worth it, the payer has to confirm on the phone (`10003`, PAYMENT_IN_PROCESS). Usual: 1000 yuan. */
  readonly password_limit_minor: number;
  /** Open Platform: a cancel later than this after the trade's creation is refused: `ACQ.TRADE_CANCEL_TIME_OUT`. */
  readonly cancel_window_ms: number;
  /** Open Platform: two different refunds of one trade must lie this far apart. */
  readonly refund_spacing_ms: number;
  /** After that many days what is paid is no longer refundable; a trade of the Open Platform is TRADE_FINISHED then. */
  readonly refund_period_days: number;
  /** `on`: a refund or cancel is paid from the merchant's takings of the day, else it is refused. */
  readonly position: 'on' | 'off';
  /** Open Platform: the wallet's fee in millionths of the received amount. */
  readonly fee_rate_ppm: number;
  /** AMS: how long a paid payment can be cancelled; `null`: until 00:15 UTC+8 of the day after. */
  readonly plus_cancel_window_ms: number | null;
  /** AMS: life of an unpaid payment whose request names no `paymentExpiryTime`. */
  readonly plus_payment_life_ms: number;
  /** AMS: whether payments that fail are notified as well. */
  readonly plus_failure_notifications: 'on' | 'off';
  /** AMS: how long the registration of a merchant is PENDING before it is APPROVED. */
  readonly plus_registration_review_ms: number;
  /** Divides the times between the tries of a notification. Holds from the next try on. */
  readonly notification_speed: number;
  /** Open Platform: whether a payment by payment code is notified too. */
  readonly payment_code_notifications: 'on' | 'off';
  /** Open Platform: whether the scan of an order code is notified (`WAIT_BUYER_PAY`). */
  readonly created_notifications: 'on' | 'off';
}

export const defaultSettings: Settings = {
  password_limit_minor: 100_000,
  cancel_window_ms: 24 * 3_600_000,
  refund_spacing_ms: 3000,
  refund_period_days: 90,
  position: 'off',
  fee_rate_ppm: 3800,
  plus_cancel_window_ms: null,
  plus_payment_life_ms: 14 * 60_000,
  plus_failure_notifications: 'on',
  plus_registration_review_ms: 0,
  notification_speed: 1,
  payment_code_notifications: 'off',
  created_notifications: 'off',
};

const switches = [
  'position',
  'payment_code_notifications',
  'created_notifications',
  'plus_failure_notifications',
] as const satisfies readonly (keyof Settings)[];

const upperBounds = {
  password_limit_minor: 10_000_000_001,
  cancel_window_ms: 365 * 86_400_000,
  refund_spacing_ms: 3_600_000,
  refund_period_days: 3650,
  fee_rate_ppm: 1_000_000,
  plus_cancel_window_ms: 365 * 86_400_000,
  plus_payment_life_ms: 365 * 86_400_000,
  plus_registration_review_ms: 365 * 86_400_000,
  notification_speed: 1_000_000,
} as const satisfies Partial<Record<keyof Settings, number>>;

/** The settings that `json` names; a name or value outside the rules is refused with what is allowed. */
export function readSettings(json: JsonObject): Partial<Settings> {
  const settings: Record<string, number | string | null> = {};
  for (const [name, value] of Object.entries(json)) {
    if (switches.some((one) => one === name)) {
      if (value !== 'on' && value !== 'off') throw invalidValue(name, value, ['on', 'off']);
      settings[name] = value;
    } else if (name === 'plus_cancel_window_ms' && value === null) {
      settings[name] = null;
    } else if (name in upperBounds) {
      const max = upperBounds[name as keyof typeof upperBounds];
      const min = name === 'notification_speed' ? 1 : 0;
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
        throw invalidValue(name, value, `an integer from ${min} to ${max}`);
      }
      settings[name] = value;
    } else {
      throw invalidValue('name of a setting', name, Object.keys(defaultSettings));
    }
  }
  return settings;
}

export interface SettingsRecords {
  current(): Settings;
  change(settings: Partial<Settings>): void;
}

export function settingsRecords(db: DatabaseSync): SettingsRecords {
  const select = db.prepare('select name, value from settings');
  const upsert = db.prepare(
    'insert into settings values (?, ?) on conflict do update set value = excluded.value',
  );
  return {
    current() {
      const stored = Object.fromEntries(
        select.all().map((row) => [row['name'], JSON.parse(row['value'] as string)]),
      );
      return { ...defaultSettings, ...stored };
    },
    change(settings) {
      for (const [name, value] of Object.entries(settings)) upsert.run(name, JSON.stringify(value));
    },
  };
}
