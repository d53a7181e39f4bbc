import type { Engine } from '../../operations/engine.ts';
import type { Admission } from './admission.ts';
import type { MerchantUrlCheck } from './forms.ts';
import type { Waits } from './until-final.ts';

/** What the routes share. */
export interface RestContext {
  readonly engine: Engine;
  readonly waits: Waits;
  /** Lets work go on in the background: its rejection is logged, and a closing gateway gives it a moment. */
  readonly watched: <Row>(work: Promise<Row>) => Promise<Row>;
  readonly checkMerchantUrl: MerchantUrlCheck;
  readonly admission: Admission;
}
