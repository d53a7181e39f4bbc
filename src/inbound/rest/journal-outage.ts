import type { Engine } from '../../operations/engine.ts';

/** The durable record, or the directory, could not be asked. Whether what was to be written was, is unknown. */
export class JournalOutage extends Error {
  constructor(call: string, cause: unknown) {
    super(`${call} failed`, { cause });
    this.name = 'JournalOutage';
  }
}

/** The same engine, whose rejections tell an outage of what keeps the record from a mistake of our own. */
export function namingOutages(engine: Engine): Engine {
  return {
    journal: named('journal', engine.journal),
    due: named('due', engine.due),
    merchants: named('merchants', engine.merchants),
    wallets: engine.wallets,
    clock: engine.clock,
    entropy: engine.entropy,
    changes: engine.changes,
    policySpeed: engine.policySpeed,
    report: engine.report,
  };
}

function named<Port extends object>(name: string, port: Port): Port {
  const methods = new Map<string | symbol, unknown>();
  return new Proxy(port, {
    get(target, key) {
      const known = methods.get(key);
      if (known !== undefined) return known;
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      const method = async (...args: unknown[]): Promise<unknown> => {
        try {
          return await member.apply(target, args);
        } catch (error) {
          throw new JournalOutage(`${name}.${String(key)}`, error);
        }
      };
      methods.set(key, method);
      return method;
    },
  });
}
