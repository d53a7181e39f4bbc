/** Cryptographic randomness. */
export interface Entropy {
  bytes(length: number): Uint8Array;
}
