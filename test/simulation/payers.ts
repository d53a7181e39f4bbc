import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Tally } from './tally.ts';
import type { PayerTraits } from './wallet-traits.ts';

/** What a payer sees on the phone: a payment that asks to be confirmed. */
export interface Prompt {
  /** Whether the wallet still takes an answer. */
  isOpen(): boolean;
  readonly closesAtMs: number;
  confirm(): void;
  refuse(): void;
}

export type Fate = 'pays' | 'asks' | 'declines';

/** The payers of one wallet. */
export interface Payers {
  /** What becomes of a scanned payment code: the same for the same code. */
  fateOf(paymentCode: string): Fate;
  /** A payer is asked: confirms, refuses, goes away, or comes back when the payment should have closed. */
  ask(prompt: Prompt): void;
}

export function createPayers(
  scheduler: Scheduler,
  random: Random,
  tally: Tally,
  traits: PayerTraits,
): Payers {
  const fates = new Map<string, Fate>();

  const draw = (): Fate => {
    if (random.chance(traits.declines)) return 'declines';
    return random.chance(traits.asksPayer) ? 'asks' : 'pays';
  };

  const answerLater = (prompt: Prompt, delayMs: number, name: string, answer: () => void): void => {
    scheduler.after(delayMs, () => {
      if (!prompt.isOpen()) {
        tally.count('payer', 'is too late');
        return;
      }
      tally.count('payer', name);
      answer();
    });
  };

  return {
    fateOf(paymentCode) {
      const fate = fates.get(paymentCode) ?? draw();
      fates.set(paymentCode, fate);
      return fate;
    },
    ask(prompt) {
      tally.count('payer', 'is asked');
      const delayMs = random.magnitude(1_000, traits.payerMsMax);
      if (random.chance(traits.confirmsAtTheClose)) {
        const closesInMs = prompt.closesAtMs - scheduler.nowMs();
        const sooner = random.chance(0.5) ? random.magnitude(1, 10_000) : -random.magnitude(1, 240_000);
        answerLater(prompt, Math.max(1, closesInMs - sooner), 'confirms about the close', prompt.confirm);
        return;
      }
      const choice = random.fraction();
      if (choice < traits.payerConfirms) answerLater(prompt, delayMs, 'confirms', prompt.confirm);
      else if (choice < traits.payerConfirms + traits.payerRefuses) {
        answerLater(prompt, delayMs, 'refuses', prompt.refuse);
      } else tally.count('payer', 'dawdles');
    },
  };
}
