import type { Delivery } from '../../domain/delivery.ts';
import type { DeliveryJournal } from '../../ports/due-rows.ts';
import type { Database } from './database.ts';

/** What becomes of deliveries, on PostgreSQL. A delivery that has ended stays as it ended. */
export function createDeliveryJournal(database: Database): DeliveryJournal {
  const end = async (
    delivery: Delivery,
    state: 'delivered' | 'withdrawn' | 'exhausted',
    failure: string | null,
  ): Promise<void> => {
    await database.query({
      name: 'end_delivery',
      text: `update deliveries set
               state = $4, tries = tries + $5, last_failure = coalesce($6, last_failure), due_at = null,
               lease_until = null, ended_at = clock_timestamp()
             where merchant_id = $1 and id = $2
               and created_at >= $3 and created_at < $3::timestamptz + interval '1 millisecond'
               and state = 'pending'`,
      values: [
        delivery.merchantId,
        delivery.id,
        delivery.createdAt,
        state,
        state === 'withdrawn' ? 0 : 1,
        failure,
      ],
    });
  };
  return {
    recordDelivered: (delivery) => end(delivery, 'delivered', null),
    recordWithdrawn: (delivery) => end(delivery, 'withdrawn', null),
    recordExhausted: (delivery, reason) => end(delivery, 'exhausted', reason),
    async recordTryFailed(delivery, reason, retryAt) {
      await database.query({
        name: 'retry_delivery',
        text: `update deliveries set tries = tries + 1, last_failure = $4, due_at = $5, lease_until = null
               where merchant_id = $1 and id = $2
                 and created_at >= $3 and created_at < $3::timestamptz + interval '1 millisecond'
                 and state = 'pending'`,
        values: [delivery.merchantId, delivery.id, delivery.createdAt, reason, retryAt],
      });
    },
  };
}
