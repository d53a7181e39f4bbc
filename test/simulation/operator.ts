import { endpointPolicy, type FailingEndpoint } from '../../src/domain/endpoint.ts';
import type { DeliveryJournal } from '../../src/ports/due-rows.ts';
import type { Life } from './gateway-process.ts';
import type { World } from './world.ts';

const patienceMsMax = 6 * 60 * 60_000;

/**
 * The journal of deliveries, and an operator who sees after some time that an endpoint was disabled, and enables it: also
 * while it is down still, and then once more, and later each time. Half of the time everything that was given up is replayed as well.
 */
export function watchedEndpoints(world: World, life: Life): DeliveryJournal {
  const { deliveries } = world.memory;
  return {
    ...deliveries,
    async disableEndpoint(endpoint) {
      const disabled = await deliveries.disableEndpoint(endpoint);
      if (disabled) {
        world.tally.count('endpoint', 'is disabled');
        const seenMs = world.random.magnitude(1_000, world.plan.endpoint.operatorMsMax);
        const enabledBefore = world.tally.counts.get('endpoint')?.get('is enabled') ?? 0;
        world.scheduler.after(
          Math.min(seenMs * 2 ** enabledBefore, patienceMsMax),
          () => void enabled(world, life, endpoint),
        );
      }
      return disabled;
    },
  };
}

async function enabled(world: World, life: Life, { merchantId, url }: FailingEndpoint): Promise<void> {
  const { memory, random, tally, trace } = world;
  const { replayEveryMs } = endpointPolicy;
  const released = await memory.deliveries.enableEndpoint(merchantId, url, replayEveryMs);
  trace.add('operator', 'enables an endpoint', [url, released]);
  tally.count('endpoint', 'is enabled');
  if (released !== null && released > 0) tally.count('endpoint', 'is enabled with what was held');
  if (random.chance(0.5)) {
    const givenUp = [...memory.records.deliveries.values()].filter(({ state }) => state === 'exhausted');
    const ids = givenUp.map(({ delivery }) => delivery.id);
    const replayed = await memory.deliveries.replay(merchantId, ids, replayEveryMs);
    trace.add('operator', 'replays', replayed);
    if (replayed.length > 0) tally.count('endpoint', 'hears again what was given up');
  }
  life.noticeWork();
}
