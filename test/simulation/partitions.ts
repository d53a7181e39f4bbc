import type { Random } from './random.ts';

/** For a time a process does not reach a peer, although both of them live. */
export interface Partition {
  /** The process, counted from 0. */
  readonly process: number;
  readonly from: 'database' | 'wallets';
  /** The other way round as well, or what it sends still arrives and takes effect, and only what comes back is lost. */
  readonly loses: 'both ways' | 'answers';
  /** A call fails at once, or only when its caller's patience is over. What is sent one way alone always hangs. */
  readonly hangs: boolean;
  /** After the start. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Partitions as they are counted: once for each call that one of them loses. */
export const partitionNames = {
  databaseFails: 'a process cannot reach the database',
  databaseHangs: 'a process’s calls to the database hang',
  databaseAnswers: 'the database does what a process asks, and its answers are lost',
  databaseOfOthers: 'the database is reached by other processes alone',
  wallets: 'a process cannot reach the wallets',
  walletAnswers: 'the wallets do what a process asks, and their answers are lost',
} as const;

/** So long a statement is awaited, and so long a connection. */
export const statementTimeoutMs = 30_000;
export const connectionTimeoutMs = 5_000;

const secondMs = 1_000;

/** Longer ones show nothing more, and take many events. */
const partitionMsMax = 5 * 60 * secondMs;

/** Most partitions hit what is under way when they begin early. */
const beginsMsMax = 3 * 60 * secondMs;

export function drawPartitions(random: Random, processes: number, faultsEndMs: number): Partition[] {
  const drawn: Partition[] = [];
  const count = random.integer(1, 3);
  for (let number = 1; number <= count; number += 1) {
    const fromMs = random.magnitude(secondMs, Math.min(beginsMsMax, faultsEndMs));
    const loses = random.pick(['both ways', 'both ways', 'answers'] as const);
    drawn.push({
      process: random.integer(0, processes - 1),
      from: random.pick(['database', 'wallets']),
      loses,
      hangs: loses === 'answers' || random.chance(0.5),
      fromMs,
      untilMs: Math.min(faultsEndMs, fromMs + random.magnitude(secondMs, partitionMsMax)),
    });
  }
  return drawn;
}

/** The partition that keeps a process from its peer at a time after the start. */
export function partitionAt(
  partitions: readonly Partition[],
  process: number,
  from: Partition['from'],
  atMs: number,
): Partition | null {
  for (const one of partitions) {
    if (one.process !== process || one.from !== from) continue;
    if (atMs >= one.fromMs && atMs < one.untilMs) return one;
  }
  return null;
}
