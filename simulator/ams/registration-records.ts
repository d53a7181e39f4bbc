import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

/** What a merchant was registered with: one store of one secondary merchant. */
export interface Registration {
  readonly clientId: string;
  readonly registrationRequestId: string;
  readonly merchantId: string;
  readonly storeId: string;
  /** `productCodes`, `merchantInfo` and `storeInfo` as JSON text. */
  readonly content: string;
  readonly passThrough: string | null;
  readonly registeredAtMs: number;
  /** PENDING before that time, APPROVED from then on. */
  readonly decidedAtMs: number;
}

export interface RegistrationRecords {
  find(clientId: string, registrationRequestId: string): Registration | undefined;
  /** The newest first; `null` leaves the store open. */
  ofMerchant(clientId: string, merchantId: string, storeId: string | null): readonly Registration[];
  insert(registration: Registration): void;
}

function registrationOf(row: Record<string, SQLOutputValue>): Registration {
  return {
    clientId: row['client_id'] as string,
    registrationRequestId: row['registration_request_id'] as string,
    merchantId: row['merchant_id'] as string,
    storeId: row['store_id'] as string,
    content: row['content'] as string,
    passThrough: row['pass_through'] as string | null,
    registeredAtMs: row['registered_at_ms'] as number,
    decidedAtMs: row['decided_at_ms'] as number,
  };
}

export function registrationRecords(db: DatabaseSync): RegistrationRecords {
  const byId = db.prepare(
    'select * from ams_registrations where registration_request_id = ? and client_id = ?',
  );
  const ofMerchant = db.prepare(
    `select * from ams_registrations where client_id = ?1 and merchant_id = ?2 and store_id = coalesce(?3, store_id)
     order by rowid desc`,
  );
  const insert = db.prepare(
    `insert into ams_registrations (registration_request_id, client_id, merchant_id, store_id, content, pass_through,
     registered_at_ms, decided_at_ms) values (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return {
    find(clientId, registrationRequestId) {
      const row = byId.get(registrationRequestId, clientId);
      return row === undefined ? undefined : registrationOf(row);
    },
    ofMerchant: (clientId, merchantId, storeId) =>
      ofMerchant.all(clientId, merchantId, storeId).map(registrationOf),
    insert(made) {
      insert.run(
        made.registrationRequestId,
        made.clientId,
        made.merchantId,
        made.storeId,
        made.content,
        made.passThrough,
        made.registeredAtMs,
        made.decidedAtMs,
      );
    },
  };
}
