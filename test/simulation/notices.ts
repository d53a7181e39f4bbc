import { paymentIdOfRequest } from '../../src/domain/ids.ts';
import type { NotifiedOutcome } from '../../src/domain/wallet-answer.ts';
import type { WalletName } from '../../src/domain/wallets.ts';
import { takeNotification } from '../../src/operations/take-notification.ts';
import { balanced } from './front-door.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { noteError } from './injected-failure.ts';
import type { Plant } from './plant.ts';
import { moneyCases } from './tally.ts';
import type { Notice } from './wallet-model.ts';
import type { World } from './world.ts';

/** What can happen to a notification; each figure is the probability per try, or per notification. */
export interface NoticeFaults {
  readonly lost: number;
  readonly late: number;
  readonly lateMsMax: number;
  readonly answerLost: number;
  /** It is sent once more although it was acknowledged, soon or hours later. */
  readonly repeated: number;
  readonly repeatedMsMax: number;
  /** Somebody else claims that a payment was paid, whether it was or not, and the signature does not hold. */
  readonly forged: number;
  /** Signed, and of another amount, whether the payment was paid or not. */
  readonly wrongAmount: number;
  /** Signed, and says of a paid payment that it was not paid. */
  readonly contradicted: number;
  /** Signed, and of a payment that nobody here knows. */
  readonly stray: number;
}

/** Faults of a notification as they are counted. */
export const noticeFaultNames = [
  'lost',
  'late',
  'answer lost',
  'repeated',
  'forged',
  'of another amount',
  'contradicted',
  'of nobody’s payment',
] as const;

/** One notification on its way: the wallet's, or somebody's who forges. */
interface Message extends Notice {
  readonly isGenuine: boolean;
  /** What was paid, and so much of it: it must be known once it is acknowledged. */
  readonly isEvidence: boolean;
}

/** A notification that its sender was told to be done with. */
export interface Acknowledged {
  readonly requestId: string;
  readonly atMs: number;
  /** Whether the journal held it as evidence of payment at that moment. */
  readonly isKnown: boolean;
}

const minuteMs = 60_000;

/** Waits between the tries, until one is acknowledged. */
const schedulesMs: { readonly [wallet in WalletName]: readonly number[] } = {
  alipay_open: [4, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * minuteMs),
  alipay_plus: [2, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * minuteMs),
};

/**
 * Carries the wallets' notifications to any of the processes, over a network that loses, delays, repeats and reorders
 * them, each wallet on its own schedule until it hears that the notification was taken by a process that still lived.
 */
export function startNotices(world: World, processes: readonly GatewayProcess[], plant: Plant): void {
  const { scheduler, random, plan, trace, tally, memory } = world;
  const faults = plan.notices;
  const take = plant.takes(takeNotification);

  const happens = (name: (typeof noticeFaultNames)[number], probability: number): boolean => {
    if (!world.faultsHold() || !random.chance(probability)) return false;
    tally.count('fault of notification', name);
    return true;
  };

  const paymentOf = (message: Message) => {
    const id = paymentIdOfRequest(message.requestId);
    return memory.records.payments.get(`${world.merchant.id} ${id}`);
  };

  const note = (message: Message): void => {
    const payment = paymentOf(message);
    tally.count('notification', `${message.outcome.kind} is acknowledged`);
    if (!message.isEvidence) return;
    world.acknowledged.push({
      requestId: message.requestId,
      atMs: scheduler.nowMs(),
      isKnown: payment?.paidEvidence === true || isKnownOfLost(message),
    });
  };

  /** Whether it stands as evidence on the cancel of a payment that the database has lost. */
  const isKnownOfLost = ({ requestId, wallet, account }: Message): boolean => {
    const id = `${requestId}@${wallet}/${account}`;
    return memory.records.strayCancels.get(`${world.merchant.id} ${id}`)?.paidEvidence === true;
  };

  /** One try. `acknowledged` is called when the sender hears that it was taken. */
  const arrive = (message: Message, acknowledged: () => void): void => {
    const running = balanced(random.fraction(), processes)?.running() ?? null;
    if (running === null) return;
    const { life, engine } = running;
    life.enter(() => {
      trace.add(life.name, 'is notified', [message.requestId, message.outcome, message.isGenuine]);
      if (!message.isGenuine) return;
      const before = paymentOf(message);
      if (message.isEvidence && before !== undefined) {
        tally.count('success notified of a payment that is', before.state);
      }
      const { wallet, account, requestId, outcome } = message;
      take(engine, { wallet, account, requestId, outcome, raw: new Uint8Array() }).then(
        (result) => {
          if (!life.isAlive()) return;
          if (result.kind === 'stray') {
            tally.count('notification', 'is kept as nobody’s');
            tally.count('money case', moneyCases[10]);
            if (!world.strays.has(requestId)) {
              const detail = `${requestId} is nobody’s, and nobody sees it`;
              world.violations.push({ invariant: 'acknowledged-but-forgotten', detail });
            }
            return;
          }
          note(message);
          const isFirst = message.isEvidence && before?.paidEvidence === false;
          if (isFirst) tally.count('notification', 'is the first evidence of payment');
          if (!happens('answer lost', faults.answerLost)) acknowledged();
        },
        (error) => noteError(world, life.name, error),
      );
    });
  };

  const send = (message: Message): void => {
    const schedule = schedulesMs[message.wallet];
    let tries = 0;
    let isDone = false;
    const again = (): void => {
      if (isDone) return;
      const waitMs = schedule[tries];
      tries += 1;
      if (waitMs !== undefined && message.isGenuine) {
        const next = scheduler.after(waitMs, again);
        cancelNext = () => scheduler.cancel(next);
      } else if (waitMs === undefined) tally.count('notification', 'is given up by its wallet');
      if (happens('lost', faults.lost)) return;
      const delayMs = happens('late', faults.late)
        ? random.magnitude(500, faults.lateMsMax)
        : random.integer(2, plan.networkMsMax);
      scheduler.after(delayMs, () =>
        arrive(message, () => {
          isDone = true;
          cancelNext();
        }),
      );
    };
    let cancelNext = (): void => {};
    again();
    if (happens('repeated', faults.repeated)) {
      scheduler.after(random.magnitude(1, faults.repeatedMsMax), () => arrive(message, () => {}));
    }
  };

  const another = (outcome: NotifiedOutcome): NotifiedOutcome => {
    if (outcome.kind !== 'paid') return outcome;
    return { ...outcome, amount: { ...outcome.amount, minor: outcome.amount.minor + 1n } };
  };

  /** What is said of a payment beside the truth, by strangers and by a wallet that errs. */
  const rumour = (notice: Notice): void => {
    const strange: Message = { ...notice, isGenuine: true, isEvidence: false };
    if (happens('forged', faults.forged)) send({ ...strange, isGenuine: false });
    if (happens('of another amount', faults.wrongAmount)) {
      send({ ...strange, outcome: another(notice.outcome) });
    }
    if (happens('of nobody’s payment', faults.stray)) {
      send({ ...strange, requestId: notice.requestId.replace(/.$/, (last) => (last === '0' ? '1' : '0')) });
    }
  };

  world.notices.connect({
    sent(notice) {
      const isPaid = notice.outcome.kind === 'paid';
      if (isPaid) rumour(notice);
      if (isPaid && happens('contradicted', faults.contradicted)) {
        const outcome = { kind: 'not_paid', code: 'PROCESS_FAIL', message: 'contradicts' } as const;
        const contradicting: Message = { ...notice, outcome, isGenuine: true, isEvidence: false };
        scheduler.after(random.magnitude(1, 60_000), () => send(contradicting));
      }
      send({ ...notice, isGenuine: true, isEvidence: isPaid });
    },
    rumoured: rumour,
  });
}
