/** The person was asked to confirm that it is them, and did not. */
export class ProofCancelled extends Error {}
