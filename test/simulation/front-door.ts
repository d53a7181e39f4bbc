import type { GatewayEngine, GatewayProcess, Life } from './gateway-process.ts';
import { noteError } from './injected-failure.ts';
import type { World } from './world.ts';

export type Answered<Value> =
  | { readonly kind: 'answered'; readonly value: Value }
  /** An error, a broken connection, or nothing in time: what was asked for may have happened or not. */
  | { readonly kind: 'unanswered' };

/** The gateway's REST front as a merchant reaches it: any of the processes, over a network that fails. */
export interface FrontDoor {
  /** Runs an operation in one of the processes. Never rejects. */
  ask<Value>(
    name: string,
    timeoutMs: number,
    operation: (engine: GatewayEngine) => Promise<Value>,
  ): Promise<Answered<Value>>;
}

export function createFrontDoor(world: World, processes: readonly GatewayProcess[]): FrontDoor {
  const { scheduler, random, plan, trace, tally } = world;
  const { merchants } = plan;

  const happens = (name: string, probability: number): boolean => {
    if (!world.faultsHold() || !random.chance(probability)) return false;
    tally.count('fault of merchant request', name);
    return true;
  };

  return {
    ask: <Value>(name: string, timeoutMs: number, operation: (engine: GatewayEngine) => Promise<Value>) =>
      new Promise<Answered<Value>>((resolve) => {
        trace.add('merchant', name);
        let life: Life | null = null;
        let ended = false;
        const end = (answer: Answered<Value>): void => {
          if (ended) return;
          ended = true;
          scheduler.cancel(timeout);
          life?.onEnd.delete(broken);
          if (answer.kind === 'unanswered') trace.add('merchant', `${name} unanswered`);
          resolve(answer);
        };
        const timeout = scheduler.after(timeoutMs, () => end({ kind: 'unanswered' }));
        const broken = (): void => {
          scheduler.after(random.integer(1, 20), () => end({ kind: 'unanswered' }));
        };
        if (happens('request lost', merchants.requestLost)) return;
        const arrivalMs = happens('request late', merchants.requestLate)
          ? random.magnitude(100, 120_000)
          : random.integer(1, 40);
        scheduler.after(arrivalMs, () => {
          const running = balanced(random.fraction(), processes)?.running() ?? null;
          if (running === null) {
            broken();
            return;
          }
          life = running.life;
          life.onEnd.add(broken);
          const { engine } = running;
          const back = (answer: Answered<Value>): void => {
            if (happens('answer lost', merchants.answerLost)) return;
            scheduler.after(random.integer(1, 40), () => end(answer));
          };
          const process = life.name;
          life.enter(() => {
            operation(engine).then(
              (value) => back({ kind: 'answered', value }),
              (error) => {
                noteError(world, process, error);
                back({ kind: 'unanswered' });
              },
            );
          });
        });
      }),
  };
}

/** Mostly a process that runs, as a load balancer chooses; now and then one that it believes to run. */
export function balanced(fraction: number, processes: readonly GatewayProcess[]): GatewayProcess | undefined {
  const up = processes.filter((process) => process.running() !== null);
  const among = up.length > 0 && fraction < 0.95 ? up : processes;
  return among[Math.floor(fraction * 97) % among.length];
}
